//! Work trees: one private folder for each target.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// The work trees of one run; removed when it ends, and by the next run when
/// it could not.
pub(super) struct WorkFolder {
    folder: TempDir,
    _lock: File,
}

impl WorkFolder {
    /// A new folder below `parent`; folders of runs that are gone are removed.
    pub(super) fn create(parent: &Path) -> Result<Self> {
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        sweep(parent);
        let folder = tempfile::Builder::new().prefix("run-").tempdir_in(parent)?;
        let lock = File::create(folder.path().join("lock"))?;
        lock.lock()?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// An empty folder for a target: its work tree is `src` in it, and room for
    /// an export is beside that.
    pub(super) fn target(&self) -> Result<(TempDir, PathBuf)> {
        let room = tempfile::Builder::new()
            .prefix("target-")
            .tempdir_in(self.folder.path())?;
        let tree = room.path().join("src");
        fs::create_dir(&tree)?;
        Ok((room, tree))
    }
}

fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let gone = File::open(entry.path().join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
        if gone {
            // Another run may be sweeping, too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_swept_and_live_runs_are_not() {
        let parent = tempfile::tempdir().unwrap();
        let dead = parent.path().join("run-dead");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("lock"), "").unwrap();
        let live = WorkFolder::create(parent.path()).unwrap();
        assert!(!dead.exists());
        let (room, tree) = live.target().unwrap();
        let _other = WorkFolder::create(parent.path()).unwrap();
        assert!(tree.is_dir());
        drop(room);
        let path = live.folder.path().to_owned();
        drop(live);
        assert!(!path.exists());
    }
}
