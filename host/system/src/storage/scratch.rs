//! Folders that are gone when they are no longer used.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::remove_all;

/// A new folder, removed when dropped, however deep it has got.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes one in `parent`, with a name that begins with `prefix`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new(parent: &Path, prefix: &str, mode: u32) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(prefix)
            .permissions(Permissions::from_mode(mode))
            .tempdir_in(parent)?;
        Ok(Self(folder.keep()))
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is in the run's work folder, which the next run sweeps.
        let _ = remove_all(&self.0);
    }
}
