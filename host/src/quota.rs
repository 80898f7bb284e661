//! How much a folder that strangers fill may hold.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::recipe::CallError;

/// Folders in one another; more than any source tree has, and few enough for
/// every path to be one that the system takes.
pub(crate) const DEPTH: usize = 200;

/// The most that a work tree may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Bytes, as files say of themselves: holes count, too.
    pub bytes: u64,
    /// Files, folders and links.
    pub entries: u64,
}

impl Quota {
    /// Walks a folder, follows no link, and returns how much is left.
    ///
    /// # Errors
    /// [`CallError::InvalidInput`] when there is more than the quota, or
    /// folders are nested too deeply; [`CallError::Other`] if it cannot be
    /// read.
    pub fn left(&self, folder: &Path) -> Result<Self, CallError> {
        let full = |what: String| {
            CallError::InvalidInput(format!(
                "the work tree has {what}; [limits] in bakehouse.toml sets how much it may have"
            ))
        };
        let mut left = *self;
        let mut todo = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = todo.pop() {
            if depth > DEPTH {
                return Err(full(format!("folders nested more than {DEPTH} deep")));
            }
            let unread = |e: std::io::Error| {
                CallError::Other(format!("cannot measure {}: {e}", folder.display()))
            };
            for entry in fs::read_dir(&folder).map_err(unread)? {
                let entry = entry.map_err(unread)?;
                let meta = match entry.metadata() {
                    Ok(meta) => meta,
                    // Gone since, by the recipe that runs meanwhile.
                    Err(e) if e.kind() == ErrorKind::NotFound => continue,
                    Err(e) => return Err(unread(e)),
                };
                left.entries = left
                    .entries
                    .checked_sub(1)
                    .ok_or_else(|| full(format!("more than {} files", self.entries)))?;
                if meta.is_dir() {
                    todo.push((entry.path(), depth + 1));
                } else {
                    left.bytes = left
                        .bytes
                        .checked_sub(meta.len())
                        .ok_or_else(|| full(format!("more than {} MiB", self.bytes >> 20)))?;
                }
            }
        }
        Ok(left)
    }

    /// As [`left`](Self::left), without holding up others meanwhile.
    ///
    /// # Errors
    /// As [`left`](Self::left).
    pub async fn measure(self, folder: &Path) -> Result<Self, CallError> {
        let folder = folder.to_owned();
        tokio::task::spawn_blocking(move || self.left(&folder))
            .await
            .map_err(|e| CallError::Other(e.to_string()))?
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn counts_files_bytes_and_depth() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "12345").unwrap();
        symlink("/", root.join("a/root")).unwrap();
        let link = root.join("a/root").symlink_metadata().unwrap().len();
        let quota = |bytes, entries| Quota { bytes, entries }.left(root);
        assert_eq!(quota(10 + link, 4).unwrap().bytes, 5);
        assert!(
            quota(10, 3)
                .unwrap_err()
                .to_string()
                .contains("more than 3 files")
        );
        assert!(
            quota(4, 4)
                .unwrap_err()
                .to_string()
                .contains("more than 0 MiB")
        );
        let hole = fs::File::create(root.join("hole")).unwrap();
        hole.set_len(1 << 40).unwrap();
        assert!(
            quota(1 << 30, 10)
                .unwrap_err()
                .to_string()
                .contains("1024 MiB")
        );
        hole.set_len(0).unwrap();
        fs::create_dir_all(root.join("d/".repeat(DEPTH + 2))).unwrap();
        assert!(
            quota(100, 1000)
                .unwrap_err()
                .to_string()
                .contains("200 deep")
        );
    }
}
