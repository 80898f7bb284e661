//! Apps that a change touches, and why.
//!
//! Files are compared by what they say, not how they are written: an `app.toml` with
//! another comment builds the same image. Where that cannot be told, an app
//! counts as touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::config::RecipeReference;
use crate::text;

/// Keys of `bakehouse.toml` that no image depends on.
const ASIDE: &[&str] = &["ci", "runners", "keep", "concurrency", "builder", "cache"];
/// Folders that crates in `plugins/` are compiled with, beside their own.
const SHARED: &[&str] = &["plugins/", ".cargo/"];
/// The same, as files at the root.
const SHARED_FILES: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain",
    "rust-toolchain.toml",
];
/// Files that one reason names.
const NAMED: usize = 2;

/// The files that say what is built, at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// `bakehouse.toml`; empty where there is none.
    pub settings: String,
    /// Each app's `app.toml`.
    pub apps: BTreeMap<String, String>,
    /// The workflow that names the version of Bakehouse; empty where there is
    /// none.
    pub caller: String,
}

/// An app that a change touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TouchedApp {
    /// Its name.
    pub app: String,
    /// Its state.
    pub state: State,
    /// The reasons.
    pub why: Vec<Why>,
}

/// The state of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// There was none of this name.
    New,
    /// It is another now.
    Changed,
    /// There is none any more.
    Removed,
}

/// A reason why an app is touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Why {
    /// Files of its folder.
    Files {
        /// Paths from the project's root.
        files: Vec<String>,
    },
    /// Files of its recipe's crate.
    Recipe {
        /// Paths from the project's root.
        files: Vec<String>,
    },
    /// Files that all crates of recipes share.
    Shared {
        /// Paths from the project's root.
        files: Vec<String>,
    },
    /// Settings of all apps.
    Settings {
        /// Keys of `bakehouse.toml`.
        keys: Vec<String>,
    },
    /// The workflow names another version of Bakehouse, and with it of the recipes
    /// that it ships.
    Program,
}

impl Why {
    /// True where it is about this app, and not about all of them.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        matches!(self, Self::Files { .. } | Self::Recipe { .. })
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some = |names: &[String]| text::some(names, NAMED);
        match self {
            Self::Files { files } => f.write_str(&some(files)),
            Self::Recipe { files } => write!(f, "its recipe: {}", some(files)),
            Self::Shared { files } => write!(f, "shared by recipes: {}", some(files)),
            Self::Settings { keys } => write!(f, "bakehouse.toml: {}", keys.join(", ")),
            Self::Program => f.write_str("another version of Bakehouse"),
        }
    }
}

/// The recipe that an `app.toml` names; none where it names none that can be.
fn recipe(app_file: &str) -> Option<RecipeReference> {
    let table: Table = app_file.parse().ok()?;
    let reference = table.get("recipe")?.as_str()?;
    RecipeReference::of_any_program(reference).ok()
}

/// The apps that differ between two times. `changed` are paths from the project's
/// root, `recipes` the names of crates in `plugins/` that components are made
/// from. With `own`, the program and its recipes are built from this very project.
#[must_use]
pub fn touched(
    changed: &BTreeSet<String>,
    before: &Snapshot,
    now: &Snapshot,
    recipes: &BTreeSet<String>,
    own: bool,
) -> Vec<TouchedApp> {
    let changed: Vec<&str> = changed
        .iter()
        .map(String::as_str)
        .filter(|path| !is_prose(path))
        .collect();
    let settings = settings(&before.settings, &now.settings);
    let shared = shared(&changed, recipes);
    let program = uses(&before.caller) != uses(&now.caller);
    let mut touched = Vec::new();
    for (app, file) in &now.apps {
        let mut why = Vec::new();
        let files = files(&changed, app, before.apps.get(app), file);
        if !files.is_empty() {
            why.push(Why::Files { files });
        }
        let recipe = recipe(file);
        let compiled = match &recipe {
            Some(RecipeReference::Crate(name)) => Some(name),
            Some(RecipeReference::Shipped(name)) if own => Some(name),
            _ => None,
        };
        if let Some(name) = compiled {
            let files = below(&changed, &format!("plugins/{name}/"));
            if !files.is_empty() {
                why.push(Why::Recipe { files });
            }
            if !shared.is_empty() {
                let files = shared.clone();
                why.push(Why::Shared { files });
            }
        }
        if program && matches!(recipe, Some(RecipeReference::Shipped(_))) {
            why.push(Why::Program);
        }
        if !settings.is_empty() {
            let keys = settings.clone();
            why.push(Why::Settings { keys });
        }
        let state = match before.apps.contains_key(app) {
            true => State::Changed,
            false => State::New,
        };
        if !why.is_empty() || state == State::New {
            touched.push(TouchedApp {
                app: app.clone(),
                state,
                why,
            });
        }
    }
    let gone = before
        .apps
        .keys()
        .filter(|app| !now.apps.contains_key(*app));
    touched.extend(gone.map(|app| TouchedApp {
        app: app.clone(),
        state: State::Removed,
        why: Vec::new(),
    }));
    touched.sort_by(|a, b| a.app.cmp(&b.app));
    touched
}

/// The names of apps that are built, and of those that are too many: first go
/// those that the change itself is in.
#[must_use]
pub fn bounded(apps: &[TouchedApp], most: usize) -> (Vec<String>, Vec<String>) {
    let mut there: Vec<&TouchedApp> = apps.iter().collect();
    there.retain(|app| app.state != State::Removed);
    there.sort_by_key(|app| !(app.state == State::New || app.why.iter().any(Why::is_own)));
    let mut names: Vec<String> = there.iter().map(|app| app.app.clone()).collect();
    let left = names.split_off(most.min(names.len()));
    (names, left)
}

/// No image has anything of it.
fn is_prose(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".md")
}

fn below(changed: &[&str], folder: &str) -> Vec<String> {
    let inside = changed.iter().filter(|path| path.starts_with(folder));
    inside.map(|path| (*path).to_owned()).collect()
}

/// The files of an app's folder that say something else now.
fn files(changed: &[&str], app: &str, before: Option<&String>, now: &str) -> Vec<String> {
    let mut files = below(changed, &format!("apps/{app}/"));
    let same = before.is_some_and(|before| alike(before, now));
    files.retain(|path| !(same && *path == format!("apps/{app}/app.toml")));
    files
}

/// True for two TOML files that say the same.
fn alike(one: &str, other: &str) -> bool {
    match (one.parse::<Table>(), other.parse::<Table>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Keys of `bakehouse.toml` that say something else now.
fn settings(before: &str, now: &str) -> Vec<String> {
    let (Ok(mut one), Ok(mut other)) = (before.parse::<Table>(), now.parse::<Table>()) else {
        // One that cannot be read is told by whoever opens the project.
        return match before == now {
            true => Vec::new(),
            false => vec!["it cannot be read".to_owned()],
        };
    };
    for key in ASIDE {
        one.remove(*key);
        other.remove(*key);
    }
    let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differ = keys
        .into_iter()
        .filter(|key| one.get(*key) != other.get(*key));
    differ.cloned().collect()
}

/// Changed files that crates of recipes share: all of `plugins/` that is no
/// recipe's own folder, and what cargo compiles it with.
fn shared(changed: &[&str], recipes: &BTreeSet<String>) -> Vec<String> {
    let is_recipes = |path: &str| {
        let inside = path
            .strip_prefix("plugins/")
            .and_then(|rest| rest.split_once('/'));
        inside.is_some_and(|(name, _)| recipes.contains(name))
    };
    let is_shared = |path: &str| {
        SHARED_FILES.contains(&path) || SHARED.iter().any(|folder| path.starts_with(folder))
    };
    let shared = changed
        .iter()
        .filter(|path| is_shared(path) && !is_recipes(path));
    shared.map(|path| (*path).to_owned()).collect()
}

/// The workflows that a workflow calls.
fn uses(caller: &str) -> Vec<&str> {
    let lines = caller.lines().map(str::trim);
    lines.filter(|line| line.starts_with("uses:")).collect()
}

/// True for the manifest of a crate that components are made from.
#[must_use]
pub fn is_recipe(manifest: &Table) -> bool {
    let lib = manifest.get("lib").and_then(|lib| lib.get("crate-type"));
    let kinds = lib.and_then(|kinds| kinds.as_array()).into_iter().flatten();
    kinds
        .filter_map(|kind| kind.as_str())
        .any(|kind| kind == "cdylib")
}

#[cfg(test)]
#[path = "touched_tests.rs"]
mod tests;
