//! Quota of a folder that strangers fill.

use std::io;
use std::path::Path;

use bakehouse_core::storage_error::StorageError;

use crate::storage::{Kind, WalkError, walk};

/// The most that a work tree may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Bytes, as files say of themselves: holes count, too.
    pub bytes: u64,
    /// Files, folders and links.
    pub entries: u64,
}

/// The reasons why a work tree is not taken as it is.
#[derive(Debug, thiserror::Error)]
pub enum QuotaError {
    /// It has more than it may have, of files, bytes, or folders in one another.
    #[error("the work tree has {0}; [limits] in bakehouse.toml sets how much it may have")]
    Full(String),
    /// It cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It was not measured to its end.
    #[error(transparent)]
    Stopped(#[from] tokio::task::JoinError),
}

/// The reasons why a folder is not measured to its end.
enum Stop {
    /// It has too much of this.
    Full(String),
    Unread(io::Error),
}

impl From<WalkError> for Stop {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::TooDeep => Self::Full(error.to_string()),
            WalkError::Io(error) => Self::Unread(error),
        }
    }
}

impl Quota {
    /// Walks a folder, follows no link, and returns how much is left.
    ///
    /// # Errors
    /// [`QuotaError::Full`] when there is more than the quota, or folders are
    /// nested too deeply; [`QuotaError::Storage`] if it cannot be read.
    pub fn left(&self, folder: &Path) -> Result<Self, QuotaError> {
        let mut left = *self;
        let measured = walk(folder, |entry| {
            let full = |what: String| Stop::Full(format!("more than {what}"));
            left.entries = left
                .entries
                .checked_sub(1)
                .ok_or_else(|| full(format!("{} files", self.entries)))?;
            if entry.kind != Kind::Folder {
                left.bytes = left
                    .bytes
                    .checked_sub(entry.size())
                    .ok_or_else(|| full(format!("{} MiB", self.bytes >> 20)))?;
            }
            Ok(())
        });
        match measured {
            Ok(()) => Ok(left),
            Err(Stop::Full(what)) => Err(QuotaError::Full(what)),
            Err(Stop::Unread(error)) => Err(StorageError::new("measure", folder, error).into()),
        }
    }

    /// As [`left`](Self::left), without holding up others meanwhile.
    ///
    /// # Errors
    /// As [`left`](Self::left).
    pub async fn measure(self, folder: &Path) -> Result<Self, QuotaError> {
        let folder = folder.to_owned();
        tokio::task::spawn_blocking(move || self.left(&folder)).await?
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::storage::DEPTH;

    #[test]
    fn counts_files_bytes_and_depth() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "12345").unwrap();
        symlink("/", root.join("a/root")).unwrap();
        let link = root.join("a/root").symlink_metadata().unwrap().len();
        let quota = |bytes, entries| Quota { bytes, entries };
        let left = quota(10 + link, 4).left(root);
        assert_eq!(left.unwrap(), quota(5, 0));
        let full = |bytes, entries| {
            let error = quota(bytes, entries).left(root).unwrap_err();
            assert!(matches!(error, QuotaError::Full(_)), "{error}");
            error.to_string()
        };
        assert!(full(10, 3).contains("has more than 3 files"));
        assert!(full(4, 4).contains("has more than 0 MiB"));
        let hole = fs::File::create(root.join("hole")).unwrap();
        hole.set_len(1 << 40).unwrap();
        assert!(full(1 << 30, 10).contains("1024 MiB"));
        hole.set_len(0).unwrap();
        fs::create_dir_all(root.join("d/".repeat(DEPTH + 2))).unwrap();
        assert!(full(100, 1000).contains("200 deep"));
        let gone = quota(1, 1).left(&root.join("gone")).unwrap_err();
        assert!(matches!(gone, QuotaError::Storage(_)), "{gone}");
    }
}
