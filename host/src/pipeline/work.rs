//! Work trees: one private folder for each target.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

const LOCK_SUFFIX: &str = ".lock";

/// The work trees of one run, beside a lock that lives as long as the run.
/// They are removed when it ends, and by the next run when it was killed.
pub(super) struct WorkFolder {
    parent: PathBuf,
    folder: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

impl WorkFolder {
    /// A new folder below `parent`; folders of runs that are gone are removed.
    pub(super) fn create(parent: &Path) -> Result<Self> {
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        sweep(parent);
        // The lock comes first, so that no folder is ever without one.
        let (lock, lock_path) = tempfile::Builder::new()
            .prefix("run-")
            .suffix(LOCK_SUFFIX)
            .tempfile_in(parent)?
            .keep()?;
        lock.lock()?;
        if !lock_path.exists() {
            // Another run swept it before it was locked.
            return Self::create(parent);
        }
        let folder = lock_path.with_extension("");
        fs::create_dir(&folder)?;
        Ok(Self {
            parent: parent.to_owned(),
            folder,
            lock_path,
            _lock: lock,
        })
    }

    /// An empty folder for a target: its work tree is `src` in it, and room for
    /// an export is beside that.
    pub(super) fn target(&self) -> Result<(TempDir, PathBuf)> {
        let room = tempfile::Builder::new()
            .prefix("target-")
            .tempdir_in(&self.folder)?;
        let tree = room.path().join("src");
        fs::create_dir(&tree)?;
        Ok((room, tree))
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        remove(&self.folder, &self.lock_path);
        // A killed run's builder may have written a little longer than it.
        sweep(&self.parent);
    }
}

/// Removes the folders of runs that are gone.
pub(super) fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_lock = path.to_string_lossy().ends_with(LOCK_SUFFIX);
        // The lock is held while removing, so that two runs do not meet there.
        if is_lock
            && let Ok(lock) = File::open(&path)
            && lock.try_lock().is_ok()
        {
            remove(&path.with_extension(""), &path);
        }
    }
}

/// The lock goes last, and only when the folder is gone.
fn remove(folder: &Path, lock: &Path) {
    let gone = match fs::remove_dir_all(folder) {
        Ok(()) => true,
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    if gone {
        let _ = fs::remove_file(lock);
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
        fs::write(parent.path().join("run-dead.lock"), "").unwrap();
        let live = WorkFolder::create(parent.path()).unwrap();
        assert!(!dead.exists());
        let (room, tree) = live.target().unwrap();
        let other = WorkFolder::create(parent.path()).unwrap();
        assert!(tree.is_dir());
        drop(room);
        drop(live);
        drop(other);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
