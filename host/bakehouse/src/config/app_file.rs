//! `apps/<app>/app.toml`.

use bakehouse_core::grants::{Grants, Places};
use bakehouse_core::recipe::Options;
use bakehouse_core::reference_grammar::is_tag;
use bakehouse_core::version_number::VersionNumber;
use bakehouse_registry::reserved::is_the_hosts;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::RecipeReference;

/// One app: the file `apps/<app>/app.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AppFile {
    /// The recipe.
    pub recipe: RecipeReference,
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
    let unfit = |template: &String| Some((template.escape_debug().to_string(), unfit(template)?));
    match templates.iter().find_map(unfit) {
        None => Ok(templates),
        Some((template, why)) => Err(D::Error::custom(format!("`{template}` {why}"))),
    }
}

/// Why a template makes no moving tag, where it makes none.
fn unfit(template: &str) -> Option<&'static str> {
    let filled = VersionNumber::parse("1.1").and_then(|number| number.fill(template));
    match filled.filter(|tag| is_tag(tag)) {
        None => Some("makes no tag; write one, with {major} and {minor} where numbers go"),
        Some(tag) if is_the_hosts(&tag) => Some(
            "cannot be moved: such tags are layer caches (`bakehouse-cache-...`), revisions \
             (`...-r1`) or about other images (`sha256-...`, `sha512-...`)",
        ),
        Some(_) => None,
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
            let text = format!("recipe = \"a.wasm\"\n[tags]\nmoving = {templates:?}\n");
            toml::from_str::<AppFile>(&text).map(|file| file.tags.moving)
        };
        let good = ["latest", "{major}", "v{major}.{minor}", "{major}-lts"];
        assert_eq!(moving(&good).unwrap(), good);
        assert!(moving(&[]).unwrap().is_empty());
        let refused = |bad: &str, why: &str| {
            let error = moving(&["latest", bad]).unwrap_err().to_string();
            assert!(error.contains(&format!("`{bad}` {why}")), "{error}");
        };
        for bad in ["", "{patch}", "{major", "la test", "a/b", "{major}+x"] {
            refused(bad, "makes no tag");
        }
        for bad in [
            "{major}-r1",
            "{major}-r{minor}",
            "bakehouse-cache-",
            "bakehouse-cache-{major}",
            "sha256-{major}",
            "SHA512-x",
        ] {
            refused(bad, "cannot be moved");
        }
    }
}
