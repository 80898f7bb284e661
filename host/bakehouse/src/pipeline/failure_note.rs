//! Failure notes: what is left behind by each target that failed, beside the
//! digest files, so that one machine tells another.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bakehouse_core::date::Date;
use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_core::target::TargetId;
use bakehouse_registry::Endpoint;
use bakehouse_system::storage;
use serde::{Deserialize, Serialize};

use super::failure_record::FailureRecord;

use crate::schema::SchemaNumber;

/// Bytes of a note.
const MAX_BYTES: u64 = 1 << 20;

/// A target that failed. `merge` reads it, and CI hands it from job to job; what it
/// says decides over nothing but when the target is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FailureNote {
    /// Number of the schema.
    pub schema: SchemaNumber,
    /// The target.
    pub target: TargetId,
    /// The date of the failure.
    pub date: Date,
    /// Digest of the recipe that it failed with.
    pub recipe: String,
    /// The failure.
    pub failure: FailureRecord,
}

impl FailureNote {
    /// A note that this target failed at this moment, with the recipe of this
    /// digest.
    #[must_use]
    pub fn new(target: &TargetId, recipe: &str, failure: &FailureRecord, now: &Date) -> Self {
        Self {
            schema: SchemaNumber::NOW,
            target: target.clone(),
            date: now.clone(),
            recipe: recipe.to_owned(),
            failure: failure.clone(),
        }
    }

    /// Writes it below `folder`, in the place of this destination.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, folder: &Path, destination: &Endpoint) -> Result<(), StorageError> {
        let path = path(folder, destination, &self.target);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).at("create", parent)?;
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        storage::write_state(&path, &text)
    }

    /// Takes a target's note away, where there is one.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn remove(
        folder: &Path,
        destination: &Endpoint,
        target: &TargetId,
    ) -> Result<(), StorageError> {
        let path = path(folder, destination, target);
        match std::fs::remove_file(&path) {
            Err(error)
                if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Err(error).at("remove", &path)
            }
            _ => Ok(()),
        }
    }

    /// A target's note; none where there is none that can be read.
    #[must_use]
    pub fn read(folder: &Path, destination: &Endpoint, target: &TargetId) -> Option<Self> {
        let bytes = storage::read(&path(folder, destination, target), MAX_BYTES).ok()?;
        let note: Self = serde_json::from_slice(&bytes).ok()?;
        (note.schema.fault().is_none() && note.target == *target).then_some(note)
    }
}

/// Beside the target's digest file: `linux-arm64.failed.json`.
fn path(folder: &Path, destination: &Endpoint, target: &TargetId) -> PathBuf {
    folder
        .join(destination.file_name())
        .join(target.digest_file())
        .with_extension("failed.json")
}
