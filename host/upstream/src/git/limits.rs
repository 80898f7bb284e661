//! Limits of upstream's source.

use std::path::Path;
use std::time::Duration;

/// The pause between two looks at a growing object store.
const LOOK: Duration = Duration::from_millis(500);

/// The time and the room that one checkout may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLimits {
    /// Wall time of the whole checkout, waiting for other processes included.
    pub time: Duration,
    /// Bytes that one fetch may add to an object store.
    pub fetched: u64,
    /// Bytes from which on an object store is made anew before it is used.
    pub kept: u64,
    /// Bytes of one repository's files in the work tree.
    pub files: u64,
    /// Number of one repository's files.
    pub count: usize,
}

impl Default for SourceLimits {
    /// Several times what the largest of monorepos need.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30 * 60),
            fetched: 4 << 30,
            kept: 8 << 30,
            files: 16 << 30,
            count: 500_000,
        }
    }
}

/// Ends when the files of `folder` have more than `limit` bytes.
pub(super) async fn outgrown(folder: &Path, limit: u64) {
    while size(folder) <= limit {
        tokio::time::sleep(LOOK).await;
    }
}

/// Bytes of the files of one folder.
pub(super) fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}
