//! Work trees: one private folder for each target.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

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
    pub(super) fn target(&self) -> Result<(Room, PathBuf)> {
        let room = tempfile::Builder::new()
            .prefix("target-")
            .tempdir_in(&self.folder)?;
        let room = Room(room.keep());
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
    let gone = match remove_all(folder) {
        Ok(()) => true,
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    if gone {
        let _ = fs::remove_file(lock);
    }
}

/// Removes a folder, however deep: each folder in it is first moved up to the
/// top, so that no path is long, nothing recurses, and one folder is open at a
/// time.
fn remove_all(top: &Path) -> io::Result<()> {
    let mut todo = vec![top.to_owned()];
    let mut count = 0_u64;
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                fs::remove_file(entry.path())?;
            } else if folder == top {
                todo.push(entry.path());
            } else {
                count += 1;
                let up = top.join(format!(".{}-{count}", std::process::id()));
                fs::rename(entry.path(), &up)?;
                todo.push(up);
            }
        }
        if folder != top {
            fs::remove_dir(&folder)?;
        }
    }
    fs::remove_dir(top)
}

/// A target's folder; removed when dropped.
pub(super) struct Room(PathBuf);

impl Room {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // What is left goes with the run's folder, or is swept by the next run.
        let _ = remove_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nested_without_end_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("root");
        let (inner, outer) = (root.join("inner"), root.join("outer"));
        fs::create_dir(&root).unwrap();
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("file"), "").unwrap();
        std::os::unix::fs::symlink(parent.path(), inner.join("link")).unwrap();
        // Built from the inside out: no path is ever long.
        for _ in 0..3000 {
            fs::create_dir(&outer).unwrap();
            fs::rename(&inner, outer.join("d")).unwrap();
            fs::rename(&outer, &inner).unwrap();
        }
        let end = inner.join("d/".repeat(3000));
        assert!(fs::metadata(end).is_err(), "no path leads there");
        fs::write(parent.path().join("other"), "").unwrap();
        remove_all(&root).unwrap();
        let left: Vec<_> = fs::read_dir(parent.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

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
