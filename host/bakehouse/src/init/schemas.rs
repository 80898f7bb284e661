//! The schemas of a project's files, for editors.
//!
//! They are files of the project, so that every editor finds them, without network,
//! and with a checkout alone.

use std::path::{Path, PathBuf};

use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::storage;

use super::Written;
use crate::schema::Document;

/// The folder of a project that has them.
pub const SCHEMAS: &str = "schemas";
/// Those of files that people write.
const OURS: [&str; 2] = ["project", "app"];
/// Bytes of one.
const MAX: u64 = 1 << 20;

/// The first line of a TOML file, by which Taplo and Tombi, and the editors that have
/// them, find its schema; the file is so many folders below the project's.
#[must_use]
pub fn directive(document: &str, depth: usize) -> String {
    let up = match depth {
        0 => "./".to_owned(),
        depth => "../".repeat(depth),
    };
    format!("#:schema {up}{SCHEMAS}/{document}.json\n")
}

/// Writes the schemas of this program where a project has none, or those of another
/// release. They are made by programs, so no change of anybody's is lost.
///
/// # Errors
/// When the file system refuses.
pub fn schemas(root: &Path) -> Result<Vec<(PathBuf, Written)>, StorageError> {
    let folder = root.join(SCHEMAS);
    std::fs::create_dir_all(&folder).at("create", &folder)?;
    ours()
        .map(|(shown, document)| {
            let path = root.join(&shown);
            let schema = document.schema();
            let written = match storage::read_text(&path, MAX) {
                Ok(text) if text == schema => Written::Left,
                there => {
                    storage::write(&path, schema.as_bytes()).at("write", &path)?;
                    match there {
                        Ok(_) => Written::Renewed,
                        Err(_) => Written::New,
                    }
                }
            };
            Ok((shown, written))
        })
        .collect()
}

/// The schemas that a project lacks or has of another release, by their paths from
/// its root.
#[must_use]
pub fn outdated(root: &Path) -> Vec<PathBuf> {
    let differs = |(shown, document): &(PathBuf, &Document)| {
        let there = storage::read_text(&root.join(shown), MAX);
        there.map_or(true, |text| text != document.schema())
    };
    let outdated = ours().filter(differs);
    outdated.map(|(shown, _)| shown).collect()
}

fn ours() -> impl Iterator<Item = (PathBuf, &'static Document)> {
    let documents = OURS.iter().filter_map(|name| Document::named(name));
    documents.map(|document| {
        let shown = Path::new(SCHEMAS).join(format!("{}.json", document.name));
        (shown, document)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_written_and_renewed() {
        let dir = tempfile::tempdir().unwrap();
        let written = || {
            let all = schemas(dir.path()).unwrap();
            all.iter().map(|(_, written)| *written).collect::<Vec<_>>()
        };
        assert_eq!(written(), [Written::New, Written::New]);
        assert_eq!(written(), [Written::Left, Written::Left]);
        let app = dir.path().join("schemas/app.json");
        std::fs::write(&app, "{}").unwrap();
        assert_eq!(outdated(dir.path()), [Path::new("schemas/app.json")]);
        assert_eq!(written(), [Written::Left, Written::Renewed]);
        assert!(outdated(dir.path()).is_empty());
        let text = std::fs::read_to_string(app).unwrap();
        assert_eq!(text, Document::named("app").unwrap().schema());
    }

    #[test]
    fn a_file_names_its_schema() {
        assert_eq!(directive("project", 0), "#:schema ./schemas/project.json\n");
        assert_eq!(directive("app", 2), "#:schema ../../schemas/app.json\n");
    }
}
