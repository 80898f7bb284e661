//! Work trees: one private folder for each target.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Result;
use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::storage::{self, Folder, Scratch};

/// Names of locks: these around the rest of the folder's name.
const PREFIX: &str = "run-";
const LOCK_SUFFIX: &str = ".lock";

/// The work trees of one run, beside a lock that lives as long as the run.
/// They are removed when it ends, and by the next run when it was killed.
pub(crate) struct WorkFolder {
    parent: PathBuf,
    folder: PathBuf,
    lock: PathBuf,
    _lock: File,
}

impl WorkFolder {
    /// A new folder below `parent`; folders of runs that are gone are removed.
    ///
    /// # Errors
    /// A [`StorageError`], also for a link in the place of `parent`.
    pub(crate) fn create(parent: &Path) -> Result<Self, StorageError> {
        storage::create(parent)?;
        Folder::open(parent).at("open", parent)?;
        sweep(parent);
        // The lock comes first, so that no folder is ever without one.
        let (held, lock) = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(LOCK_SUFFIX)
            .tempfile_in(parent)
            .and_then(|file| Ok(file.keep()?))
            .at("write to", parent)?;
        held.lock().at("lock", &lock)?;
        if !lock.exists() {
            // Another run swept it before it was locked.
            return Self::create(parent);
        }
        let folder = lock.with_extension("");
        storage::create(&folder)?;
        Ok(Self {
            parent: parent.to_owned(),
            folder,
            lock,
            _lock: held,
        })
    }

    /// An empty folder for a target: its work tree is `src` in it, and room for
    /// an export is beside that.
    pub(crate) fn target(&self) -> Result<(Scratch, PathBuf), StorageError> {
        let room = Scratch::new(&self.folder, "target-", 0o700).at("write to", &self.folder)?;
        let tree = room.path().join("src");
        fs::create_dir(&tree).at("create", &tree)?;
        Ok((room, tree))
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        // What is left is swept by the next run.
        if storage::remove_all(&self.folder).is_ok() {
            let _ = fs::remove_file(&self.lock);
        }
        // A killed run's builder may have written a little longer than it.
        sweep(&self.parent);
    }
}

/// Removes the folders of runs that are gone, as far as it may, and follows no
/// link on the way.
pub(super) fn sweep(parent: &Path) {
    let Ok(parent) = Folder::open(parent) else {
        return;
    };
    for name in parent.names().unwrap_or_default() {
        let Some(folder) = swept(&name) else {
            continue;
        };
        // The lock is held while removing, so that two runs do not meet there;
        // it goes last, and only when the folder is gone.
        if let Ok(lock) = parent.file(&name)
            && lock.try_lock().is_ok()
            && parent.remove_all(folder).is_ok()
        {
            let _ = parent.remove_all(&name);
        }
    }
}

/// The folder that a lock of this name is for; none for other names.
fn swept(name: &OsStr) -> Option<&OsStr> {
    let folder = name.to_str()?.strip_suffix(LOCK_SUFFIX)?;
    folder.starts_with(PREFIX).then(|| OsStr::new(folder))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    #[test]
    fn what_was_planted_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("victim");
        fs::create_dir_all(victim.join("run-a")).unwrap();
        for file in ["file", "run-a/file", "run-a.lock"] {
            fs::write(victim.join(file), "").unwrap();
        }
        let whole = || {
            let left = fs::read_dir(&victim).unwrap().count();
            left == 3 && victim.join("run-a/file").exists()
        };
        let work = dir.path().join("work");
        fs::create_dir(&work).unwrap();
        let plant = |name: &str, to: &Path| symlink(to, work.join(name)).unwrap();
        let lock = |name: &str| fs::write(work.join(name), "").unwrap();
        // A folder that is a link, one that holds a link, a lock that is one.
        plant("run-link", &victim);
        lock("run-link.lock");
        fs::create_dir(work.join("run-holds")).unwrap();
        plant("run-holds/link", &victim);
        lock("run-holds.lock");
        plant("run-b.lock", &victim.join("run-a.lock"));
        // Locks that are none, and one that nobody would ever open.
        lock("other.lock");
        fs::create_dir(work.join("other")).unwrap();
        lock("run-..lock");
        fs::create_dir(work.join("run-c.lock")).unwrap();
        let pipe = work.join("run-pipe.lock");
        assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());

        sweep(&work);
        assert!(whole());
        assert!(work.join("run-link").symlink_metadata().is_err());
        assert!(!work.join("run-holds").exists());
        assert!(work.join("other").exists());

        // The folder of work folders is a link itself.
        let linked = dir.path().join("linked");
        symlink(&victim, &linked).unwrap();
        sweep(&linked);
        let error = WorkFolder::create(&linked).err().unwrap();
        assert!(error.to_string().starts_with("cannot open "), "{error}");
        assert!(whole());
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
