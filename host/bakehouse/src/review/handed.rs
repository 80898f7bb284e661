//! Files that one part of a review hands to the next, on another machine: nothing
//! of them is believed but what is to be built, and what was told of it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Result;
use bakehouse_core::storage_error::At as _;
use bakehouse_system::storage;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::{ExitCode, Failure};
use crate::schema::SchemaNumber;
use crate::text;

/// Bytes of a file; that of a hundred apps has a fiftieth.
const MAX: u64 = 64 << 20;

/// The key that every record has.
#[derive(Deserialize)]
struct Head {
    schema: SchemaNumber,
}

/// Writes a record to a file.
///
/// # Errors
/// When the file system refuses.
pub fn write(record: &impl Serialize, path: &Path) -> Result<()> {
    let text = text::json(record)? + "\n";
    Ok(storage::write(path, text.as_bytes()).at("write", path)?)
}

/// Reads a record that [`write()`] wrote.
///
/// # Errors
/// [`ExitCode::Config`] when it is none; when the file system refuses.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = storage::read_text(path, MAX).at("read", path)?;
    let unfit = |why: String| {
        let message = format!("{} is no part of a review: {why}", path.display());
        Failure::new(ExitCode::Config, message)
            .hint("`bakehouse review plan --save` and `review build --save` write them")
    };
    let head: Head = serde_json::from_str(&text).map_err(|error| unfit(error.to_string()))?;
    if let Some(fault) = head.schema.fault() {
        return Err(unfit(format!("it has {fault}")).into());
    }
    Ok(serde_json::from_str(&text).map_err(|error| unfit(error.to_string()))?)
}

/// JSON files of a folder, and of those in it; none where there is no folder.
///
/// # Errors
/// When the file system refuses.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if depth == 0 && error.kind() == ErrorKind::NotFound => continue,
            entries => entries.at("read", &folder)?,
        };
        for entry in entries {
            let path = entry.at("read", &folder)?.path();
            let is_json = path.extension().is_some_and(|end| end == "json");
            match path.symlink_metadata() {
                Ok(meta) if meta.is_dir() && depth == 0 => folders.push((path, 1)),
                Ok(meta) if meta.is_file() && is_json => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}
