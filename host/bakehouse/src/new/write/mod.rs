//! The files of a new app, written: all of them, or none.

mod app_file;
mod readme;

use std::path::{Path, PathBuf};

use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::storage;

use super::definition::Definition;
use super::error::NewError;
use crate::config::Project;
use crate::init::directive;

/// Where the image will be.
pub(crate) struct Destination {
    /// `HOST/NAMESPACE`; none for the registry in the program.
    pub(crate) prefix: Option<String>,
}

/// The places that a new app must find empty.
pub(crate) fn places(project: &Project, app: &str, crate_too: bool) -> Vec<PathBuf> {
    let mut places = vec![project.root().join("apps").join(app)];
    if crate_too {
        places.push(project.root().join("plugins").join(app));
    }
    places
}

/// Writes an app, and answers with the paths from the project's root.
///
/// # Errors
/// [`NewError::Exists`], and then nothing is written; [`NewError::Storage`].
pub(crate) fn write(
    project: &Project,
    definition: &Definition,
    destination: &Destination,
) -> Result<Vec<String>, NewError> {
    let app = &definition.app;
    let mut files = vec![
        (
            format!("apps/{app}/app.toml"),
            directive("app", 2) + &app_file::text(definition),
        ),
        (
            format!("apps/{app}/README.md"),
            readme::text(definition, destination),
        ),
    ];
    files.extend(definition.files.iter().cloned());
    for place in places(project, app, !definition.files.is_empty()) {
        if place.symlink_metadata().is_ok() {
            return Err(NewError::Exists(place));
        }
    }
    let mut made: Vec<PathBuf> = Vec::new();
    let written = all(project.root(), &files, &mut made);
    if let Err(error) = written {
        for folder in made {
            // What is in the way is told by the first error.
            let _ = storage::remove_all(&folder);
        }
        return Err(error.into());
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// Writes files; the folders that it made for them are in `made`.
fn all(
    root: &Path,
    files: &[(String, String)],
    made: &mut Vec<PathBuf>,
) -> Result<(), StorageError> {
    for (path, text) in files {
        let path = root.join(path);
        if let Some(parent) = path.parent() {
            let mut folder = parent;
            while !folder.exists() && folder.parent().is_some_and(|above| above != root) {
                match folder.parent() {
                    Some(above) if !above.exists() => folder = above,
                    _ => break,
                }
            }
            if !folder.exists() {
                made.push(folder.to_owned());
            }
            std::fs::create_dir_all(parent).at("create", parent)?;
        }
        std::fs::write(&path, text).at("write", &path)?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) use app_file::text as app_text;
