//! `recipe` of an `app.toml`: the reference of a recipe.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::recipes::shipped;

/// Scheme of a recipe that is part of the program.
const SHIPPED: &str = "bakehouse:";
/// Folder of the project's own recipes.
const CRATES: &str = "plugins/";
/// Schemes of what will be fetched one day.
const REMOTE: &[&str] = &["oci://", "https://"];
/// The extension of a component's file.
const WASM: &str = "wasm";

/// A recipe, as an app names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecipeReference {
    /// `bakehouse:NAME`: part of the program.
    Shipped(String),
    /// `plugins/NAME`: a crate of the project, by the name of its folder.
    Crate(String),
    /// `NAME.wasm`: a component, by its path in the app's folder.
    File(PathBuf),
}

/// The reasons why a text is not a reference of a recipe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipeReferenceError {
    /// No recipe of this name is part of the program.
    #[error("this program ships no recipe `{}`; {}", name.escape_debug(), ships(.there))]
    NotShipped {
        /// The name.
        name: String,
        /// The names that there are.
        there: Vec<&'static str>,
    },
    /// A name without what it is the name of.
    #[error("a name alone is no recipe: write {}", instead(.0, *.1))]
    Bare(String, bool),
    /// Bakehouse does not fetch recipes.
    #[error("recipes from {0} are not fetched yet; download it and name the .wasm file")]
    Remote(&'static str),
    /// The name of a crate's folder cannot be this.
    #[error("`{}` names no folder in plugins/: letters, digits, `-`, `_` and `.` make a name", .0.escape_debug())]
    CrateName(String),
    /// A component elsewhere.
    #[error("`{}` is not in the app's folder: put the component there, and write its path from there", .0.escape_debug())]
    Elsewhere(String),
    /// None of the forms.
    #[error("`{}` names no recipe: write `bakehouse:NAME`, `plugins/NAME`, or `NAME.wasm` for a component in the app's folder", .0.escape_debug())]
    Unknown(String),
}

/// The recipes that are part of the program, as a sentence's end.
fn ships(there: &[&str]) -> String {
    match there {
        [] => "it was built without any".to_owned(),
        names => format!("it has {}", names.join(", ")),
    }
}

fn instead(name: &str, shipped: bool) -> String {
    let own = format!("`{CRATES}{name}` for the crate of this project");
    match shipped {
        true => format!("`{SHIPPED}{name}` for the recipe that the program ships, or {own}"),
        false => format!("{own}, or `{name}.{WASM}` for a component in the app's folder"),
    }
}

impl RecipeReference {
    /// Reads a reference; `shipped` are the names of recipes that are part of
    /// the program.
    ///
    /// # Errors
    /// Says what to write instead.
    fn parse(text: &str, shipped: &[&'static str]) -> Result<Self, RecipeReferenceError> {
        match Self::of_any_program(text) {
            Ok(Self::Shipped(name)) if !shipped.contains(&name.as_str()) => {
                let there = shipped.to_vec();
                Err(RecipeReferenceError::NotShipped { name, there })
            }
            Err(RecipeReferenceError::Bare(name, _)) => {
                let is_shipped = shipped.contains(&name.as_str());
                Err(RecipeReferenceError::Bare(name, is_shipped))
            }
            read => read,
        }
    }

    /// Reads a reference in a project that is for another version of the program,
    /// perhaps, which ships other recipes.
    ///
    /// # Errors
    /// Says what to write instead.
    pub fn of_any_program(text: &str) -> Result<Self, RecipeReferenceError> {
        if let Some(name) = text.strip_prefix(SHIPPED) {
            return Ok(Self::Shipped(name.to_owned()));
        }
        if let Some(scheme) = REMOTE.iter().find(|scheme| starts(text, scheme)) {
            return Err(RecipeReferenceError::Remote(scheme));
        }
        if text.contains("://") {
            return Err(RecipeReferenceError::Unknown(text.to_owned()));
        }
        if is_component(text) {
            return file(text);
        }
        match text.strip_prefix(CRATES) {
            Some(name) if is_crate(name) => Ok(Self::Crate(name.to_owned())),
            Some(name) => Err(RecipeReferenceError::CrateName(name.to_owned())),
            None if is_crate(text) => Err(RecipeReferenceError::Bare(text.to_owned(), false)),
            None => Err(RecipeReferenceError::Unknown(text.to_owned())),
        }
    }
}

/// Whether it starts with a scheme; schemes know no case.
fn starts(text: &str, scheme: &str) -> bool {
    let start = text.get(..scheme.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn is_component(text: &str) -> bool {
    Path::new(text).extension().is_some_and(|end| end == WASM)
}

/// Whether a folder of this name holds a crate, wherever projects are kept.
fn is_crate(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && !name.starts_with(['.', '-']) && name.bytes().all(fits)
}

fn file(text: &str) -> Result<RecipeReference, RecipeReferenceError> {
    let path = Path::new(text);
    let inside = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
    match path.components().all(inside) && !text.contains('\0') {
        true => Ok(RecipeReference::File(path.to_owned())),
        false => Err(RecipeReferenceError::Elsewhere(text.to_owned())),
    }
}

impl FromStr for RecipeReference {
    type Err = RecipeReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, &shipped::names())
    }
}

impl fmt::Display for RecipeReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipped(name) => write!(f, "{SHIPPED}{name}"),
            Self::Crate(name) => write!(f, "{CRATES}{name}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for RecipeReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPS: &[&str] = &["binaries", "dockerfile"];

    fn parsed(text: &str) -> RecipeReference {
        let reference = RecipeReference::parse(text, SHIPS);
        reference.unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn refused(text: &str) -> String {
        match RecipeReference::parse(text, SHIPS) {
            Ok(reference) => panic!("{text}: {reference:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_forms_that_there_are() {
        let file = |path: &str| RecipeReference::File(path.into());
        let of_crate = |name: &str| RecipeReference::Crate(name.to_owned());
        let shipped = RecipeReference::Shipped("binaries".to_owned());
        assert_eq!(parsed("bakehouse:binaries"), shipped);
        for name in ["esbuild", "My_recipe-2", "a.b"] {
            assert_eq!(parsed(&format!("plugins/{name}")), of_crate(name));
        }
        for path in ["recipe.wasm", "a/b.wasm", "./a.wasm", "plugins/a.wasm"] {
            assert_eq!(parsed(path), file(path));
        }
        for text in ["bakehouse:binaries", "plugins/esbuild", "a/b.wasm"] {
            assert_eq!(parsed(text).to_string(), text);
        }
    }

    #[test]
    fn a_bare_name_is_told_what_to_write() {
        let bare = refused("esbuild");
        assert!(
            bare.contains("`plugins/esbuild`") && bare.contains("`esbuild.wasm`"),
            "{bare}"
        );
        let known = refused("binaries");
        assert!(known.contains("`bakehouse:binaries`"), "{known}");
    }

    #[test]
    fn what_is_not_shipped_lists_what_is() {
        for name in ["binary", "", "Binaries", "binaries@1", "../binaries"] {
            let unknown = refused(&format!("bakehouse:{name}"));
            assert!(
                unknown.ends_with("it has binaries, dockerfile"),
                "{unknown}"
            );
        }
        let none = RecipeReference::parse("bakehouse:binaries", &[]).unwrap_err();
        assert!(none.to_string().ends_with("built without any"), "{none}");
    }

    #[test]
    fn what_would_be_fetched_is_refused() {
        for text in [
            "oci://h.example/a:1",
            "https://h.example/a.wasm#sha256=00",
            "HTTPS://h.example/a.wasm",
        ] {
            let remote = refused(text);
            assert!(
                remote.ends_with("not fetched yet; download it and name the .wasm file"),
                "{remote}"
            );
        }
    }

    #[test]
    fn whatever_else_is_no_recipe() {
        for text in [
            "",
            " ",
            "a b",
            "./a",
            "plug/a",
            "file:///a.wasm",
            "ftp://h/a",
            "a\nb",
            "é",
            ".wasm",
            "https:/a",
            "plugin:a",
            "C:\\a",
        ] {
            assert!(refused(text).contains("names no recipe"), "{text}");
        }
        for text in [
            "plugins/",
            "plugins/..",
            "plugins/a/b",
            "plugins/.a",
            "plugins/-a",
            "plugins/a b",
        ] {
            assert!(refused(text).contains("names no folder"), "{text}");
        }
        for text in ["../a.wasm", "/a.wasm", "a/../../b.wasm", "a\0.wasm"] {
            assert!(refused(text).contains("not in the app's folder"), "{text}");
        }
    }
}
