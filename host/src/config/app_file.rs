//! `apps/<app>/app.toml`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::grants::{Grants, Places};
use crate::recipe::Options;
use crate::registry::VersionNumber;
use crate::registry::grammar::is_tag;
use crate::registry::reserved::is_the_hosts;

/// One app: the file `apps/<app>/app.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AppFile {
    /// The recipe: the name of a crate in `plugins/`, or the path of a `.wasm`
    /// file relative to the app's folder.
    pub recipe: String,
    /// How its images are tagged.
    #[serde(default)]
    pub tags: TagPolicy,
    /// Choices that its recipe leaves to the app.
    #[serde(default)]
    pub options: Options,
    /// What its recipe may reach.
    #[serde(default)]
    pub grants: Grants,
    /// Where its grants are written.
    #[serde(skip)]
    pub places: Places,
}

/// Which tags an app's indexes get beside `{version}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TagPolicy {
    /// Moving tags, in the order they are set: `latest`, `{major}`,
    /// `{major}.{minor}`.
    #[serde(deserialize_with = "templates")]
    pub moving: Vec<String>,
}

/// Templates of moving tags that can be filled in, and then are tags.
fn templates<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let templates = Vec::<String>::deserialize(deserializer)?;
    let unfit = templates.iter().find(|template| {
        let filled = VersionNumber::parse("1").map(|number| number.fill(template));
        !filled.is_some_and(|tag| is_tag(&tag) && !is_the_hosts(&tag))
    });
    match unfit {
        None => Ok(templates),
        Some(template) => Err(D::Error::custom(format!(
            "`{}` makes no tag that can be moved; write a tag, with {{major}} and {{minor}} where \
             numbers go",
            template.escape_debug()
        ))),
    }
}

impl Default for TagPolicy {
    fn default() -> Self {
        Self {
            moving: vec!["latest".to_owned()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_that_make_tags() {
        let moving = |templates: &[&str]| {
            let text = format!("recipe = \"a\"\n[tags]\nmoving = {templates:?}\n");
            toml::from_str::<AppFile>(&text).map(|file| file.tags.moving)
        };
        let good = ["latest", "{major}", "v{major}.{minor}", "{major}-lts"];
        assert_eq!(moving(&good).unwrap(), good);
        assert!(moving(&[]).unwrap().is_empty());
        for bad in [
            "",
            "{patch}",
            "{major",
            "la test",
            "a/b",
            "{major}+x",
            "{major}-r1",
            "bakehouse-cache-x",
            "sha256-{major}",
        ] {
            let error = moving(&["latest", bad]).unwrap_err().to_string();
            assert!(error.contains("makes no tag"), "{bad}: {error}");
        }
    }
}
