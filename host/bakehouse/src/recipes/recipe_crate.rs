//! A crate that makes a recipe.

use std::path::{Path, PathBuf};

use super::{CrateError, metadata};
use crate::config::Project;

/// Folder of a project's own recipes.
const FOLDER: &str = "plugins";

/// A crate that makes a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipeCrate {
    /// Its folder, from the project's root: how messages name it.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Where its component is kept; none for a crate that no app can name.
    pub component: Option<PathBuf>,
}

impl RecipeCrate {
    /// The crate in a folder of `plugins/`.
    #[must_use]
    pub fn plugin(project: &Project, name: &str) -> Self {
        Self {
            name: format!("{FOLDER}/{name}"),
            folder: project.root().join(FOLDER).join(name),
            component: Some(project.component(name)),
        }
    }

    /// A crate as people name it: by its name in `plugins/`, or by its folder
    /// from the project's root.
    ///
    /// # Errors
    /// [`CrateError::Missing`].
    pub fn named(project: &Project, text: &str) -> Result<Self, CrateError> {
        let text = text.trim_end_matches('/');
        let name = text.strip_prefix("plugins/").unwrap_or(text);
        let found = match name.contains('/') {
            true => Self {
                name: text.to_owned(),
                folder: project.root().join(text),
                component: None,
            },
            false => Self::plugin(project, name),
        };
        match found.exists() && !name.is_empty() {
            true => Ok(found),
            false => Err(found.missing(project)),
        }
    }

    /// All crates in `plugins/`, by name.
    #[must_use]
    pub fn plugins(project: &Project) -> Vec<Self> {
        let names = names(&project.root().join(FOLDER));
        let crates = names.iter().map(|name| Self::plugin(project, name));
        crates.collect()
    }

    /// Whether its folder has a manifest.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.manifest().is_file()
    }

    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }

    /// Its manifest; none where that cannot be read.
    #[must_use]
    pub fn table(&self) -> Option<toml::Table> {
        metadata::table(&self.manifest())
    }

    /// That there is no such crate, but others.
    #[must_use]
    pub fn missing(&self, project: &Project) -> CrateError {
        CrateError::Missing {
            name: self.name.clone(),
            there: names(&project.root().join(FOLDER)),
        }
    }
}

/// Names of the folders that have a manifest, sorted; none where there is no
/// folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
