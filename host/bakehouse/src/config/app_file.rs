//! `apps/<app>/app.toml`.

use std::collections::BTreeMap;

use bakehouse_core::grants::{Grants, Places};
use bakehouse_core::nearest::nearest;
use bakehouse_core::options::Options;
use bakehouse_core::recipe::{App, Image};
use bakehouse_core::reference_grammar::is_tag;
use bakehouse_core::version_number::{PLACEHOLDERS, VersionNumber};
use bakehouse_registry::reserved::is_the_hosts;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::RecipeReference;
use crate::failure::{ExitCode, Failure};

/// The file `apps/<app>/app.toml`: one app.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AppFile {
    /// The recipe: `bakehouse:NAME`, one that is part of the program; `plugins/NAME`, a
    /// crate of the project; or `NAME.wasm`, a component in the app's folder.
    pub recipe: RecipeReference,
    /// The tags of its images.
    #[serde(default)]
    pub tags: TagPolicy,
    /// The choices that its recipe leaves to the app. `bakehouse recipe check APP` lists
    /// them.
    #[serde(default)]
    pub options: Options,
    /// The reach of its recipe. What is not named is denied.
    #[serde(default)]
    pub grants: Grants,
    /// The settings of single images, by their names.
    #[serde(default)]
    pub images: BTreeMap<String, ImageTable>,
    /// The places where its grants are written.
    #[serde(skip)]
    pub places: Places,
}

/// One image of an app: the table `[images.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ImageTable {
    /// `false`: the image, which another one of the app is built on, gets no tag. It is
    /// built where that one is, and pushed by digest alone; registries may remove it
    /// later.
    pub publish: bool,
    /// The way in which `bakehouse review` runs it once: with these arguments it must
    /// end well; `false`, not at all; `true`, its `--version`, or as it is.
    pub smoke: SmokeRun,
}

impl Default for ImageTable {
    fn default() -> Self {
        Self {
            publish: true,
            smoke: SmokeRun::default(),
        }
    }
}

/// One run of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SmokeRun {
    /// In the way that its entrypoint suggests. That it starts is all that can be
    /// asked of it.
    #[default]
    Guessed,
    /// With these arguments. It must end well.
    With(Vec<String>),
    /// Not at all.
    Never,
}

impl<'de> Deserialize<'de> for SmokeRun {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "arguments for the image's program, such as [\"--version\"], or false"
        )]
        enum Written {
            Choice(bool),
            Arguments(Vec<String>),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Choice(true) => Self::Guessed,
            Written::Choice(false) => Self::Never,
            Written::Arguments(arguments) => Self::With(arguments),
        })
    }
}

impl AppFile {
    /// Marks the images that are not published.
    ///
    /// # Errors
    /// [`ExitCode::Config`] for an image that the recipe does not have, and for one
    /// that would never be built: nothing that is published needs it.
    pub fn leave_unpublished(&self, app: &mut App) -> Result<(), Failure> {
        let file = self.places.file();
        for (name, table) in &self.images {
            let known = app.images.iter().map(|image| image.name.as_str());
            if !known.clone().any(|known| known == name) {
                let meant = nearest(name, known.clone())
                    .map(|known| format!("did you mean {known}? "))
                    .unwrap_or_default();
                let known: Vec<_> = known.collect();
                return Err(Failure::new(
                    ExitCode::Config,
                    format!(
                        "{file}: [images.{}]: the recipe has no such image",
                        name.escape_debug()
                    ),
                )
                .hint(format!("{meant}its recipe has {}", known.join(", "))));
            }
            for image in app.images.iter_mut().filter(|image| image.name == *name) {
                image.unpublished = !table.publish;
            }
        }
        let published = app.images.iter().filter(|image| !image.unpublished);
        let mut needed: Vec<&str> = published.map(|image| image.name.as_str()).collect();
        let mut at = 0;
        while let Some(name) = needed.get(at).copied() {
            let needs = app.images.iter().filter(|image| image.name == name);
            for need in needs.flat_map(|image| &image.needs) {
                if !needed.contains(&need.as_str()) {
                    needed.push(need);
                }
            }
            at += 1;
        }
        let idle = |image: &&Image| !needed.contains(&image.name.as_str());
        match app.images.iter().find(idle) {
            None => Ok(()),
            Some(image) => Err(Failure::new(
                ExitCode::Config,
                format!(
                    "{file}: [images.{}]: nothing that is published is built on it",
                    image.name
                ),
            )
            .hint(
                "take `publish = false` out; only an image that another one needs can go without",
            )),
        }
    }
}

/// The tags that an app's indexes get beside `{version}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TagPolicy {
    /// The tags that move to the newest version, in the order in which they are set:
    /// `{major}` and `{minor}` stand for its numbers.
    #[serde(deserialize_with = "templates")]
    #[cfg_attr(test, schemars(schema_with = "super::text_schemas::moving"))]
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

/// The reason why a template makes no moving tag, where it makes none.
fn unfit(template: &str) -> Option<String> {
    let filled = VersionNumber::parse("1.1").and_then(|number| number.fill(template));
    match filled.filter(|tag| is_tag(tag)) {
        None => {
            let why = "makes no tag; write one, with {major} and {minor} where numbers go";
            let meant = meant(template).map(|name| format!(": did you mean {name}?"));
            Some(why.to_owned() + meant.as_deref().unwrap_or_default())
        }
        Some(tag) if is_the_hosts(&tag) => Some(
            "cannot be moved: such tags are layer caches (`bakehouse-cache-...`), revisions \
             (`...-r1`) or about other images (`sha256-...`, `sha512-...`)"
                .to_owned(),
        ),
        Some(_) => None,
    }
}

/// The placeholder that one in a template is a misspelling of.
fn meant(template: &str) -> Option<&'static str> {
    let pieces = template.split_inclusive('}');
    let unknown = pieces.filter_map(|piece| piece.get(piece.rfind('{')?..));
    let mut unknown = unknown.filter(|name| !PLACEHOLDERS.contains(name));
    let name = unknown.next()?.to_lowercase();
    nearest(&name, PLACEHOLDERS)
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
    fn how_an_image_is_run() {
        let read = |smoke: &str| {
            let text = format!("recipe = \"a.wasm\"\n[images.a]\n{smoke}");
            let file = toml::from_str::<AppFile>(&text);
            file.map(|mut file| file.images.remove("a").unwrap())
        };
        assert_eq!(read("").unwrap(), ImageTable::default());
        assert_eq!(read("smoke = true").unwrap().smoke, SmokeRun::Guessed);
        assert_eq!(read("smoke = false").unwrap().smoke, SmokeRun::Never);
        let with = SmokeRun::With(vec!["--version".to_owned()]);
        assert_eq!(read("smoke = [\"--version\"]").unwrap().smoke, with);
        let error = read("smoke = \"--version\"").unwrap_err().to_string();
        assert!(
            error.contains("arguments for the image's program"),
            "{error}"
        );
    }

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
        for (bad, meant) in [
            ("{majr}", "{major}"),
            ("{Major}.{minor}", "{major}"),
            ("v{major}.{mino}", "{minor}"),
            ("{major}.{minor", "{minor}"),
        ] {
            let says = format!(
                "makes no tag; write one, with {{major}} and {{minor}} where numbers go: did you mean {meant}?"
            );
            refused(bad, &says);
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
