//! Paths inside a work tree.

use std::path::{Component, Path, PathBuf};

use crate::recipe::CallError;

/// A target's private folder, the recipe's `/src`. Every path a recipe names
/// is resolved here, so that none leads out.
#[derive(Debug, Clone, Copy)]
pub struct WorkTree<'a> {
    root: &'a Path,
}

impl<'a> WorkTree<'a> {
    /// The work tree at this absolute path.
    #[must_use]
    pub const fn new(root: &'a Path) -> Self {
        Self { root }
    }

    /// The absolute path of `relative`, which need not exist. `.` and the empty
    /// path are the work tree itself.
    ///
    /// # Errors
    /// [`CallError::InvalidInput`] for absolute paths, `..`, and paths through
    /// a symbolic link that leads out of the work tree.
    pub fn resolve(&self, relative: &str) -> Result<PathBuf, CallError> {
        let refuse = |why: &str| {
            CallError::InvalidInput(format!(
                "path `{relative}` {why}; name it relative to the work tree"
            ))
        };
        if relative.contains('\0') {
            return Err(refuse("has a NUL byte"));
        }
        let mut path = self.root.to_path_buf();
        for component in Path::new(relative).components() {
            match component {
                Component::CurDir => {}
                Component::Normal(name) => path.push(name),
                Component::ParentDir => return Err(refuse("has a `..`")),
                Component::RootDir | Component::Prefix(_) => return Err(refuse("is absolute")),
            }
        }
        // The deepest part that exists decides; what is below it is new.
        let root = self
            .root
            .canonicalize()
            .map_err(|error| CallError::Other(format!("{}: {error}", self.root.display())))?;
        let mut existing = path.as_path();
        while existing.symlink_metadata().is_err() {
            existing = existing.parent().ok_or_else(|| refuse("is absolute"))?;
        }
        match existing.canonicalize() {
            Ok(real) if real.starts_with(&root) => Ok(path),
            Ok(_) => Err(refuse("leads out of the work tree through a link")),
            Err(_) => Err(refuse("goes through a broken link")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_inside() {
        let folder = tempfile::tempdir().unwrap();
        let tree = WorkTree::new(folder.path());
        assert_eq!(tree.resolve(".").unwrap(), folder.path());
        assert_eq!(tree.resolve("a/./b").unwrap(), folder.path().join("a/b"));
        std::os::unix::fs::symlink("/etc", folder.path().join("out")).unwrap();
        std::os::unix::fs::symlink("/nowhere/x", folder.path().join("broken")).unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("self")).unwrap();
        for bad in [
            "/etc/passwd",
            "../x",
            "a/../../x",
            "out/passwd",
            "out",
            "broken",
            "broken/a",
            "a\0b",
        ] {
            let error = tree.resolve(bad).unwrap_err();
            assert!(
                matches!(error, CallError::InvalidInput(_)),
                "{bad}: {error}"
            );
        }
        assert!(tree.resolve("self/a").is_ok());
    }
}
