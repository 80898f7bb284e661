//! Placement of finished files in a work tree.

use std::fs;
use std::io;
use std::path::Path;

use bakehouse_core::storage_error::{At as _, StorageError};

use crate::storage::Scratch;
use crate::work_tree::WorkTree;

/// A scratch folder beside the work tree: outside of every build context, on
/// the same file system. Removed when dropped.
///
/// # Errors
/// If it cannot be made.
pub fn scratch(tree: &WorkTree) -> Result<Scratch, StorageError> {
    let beside = tree.root().parent().unwrap_or(tree.root());
    Scratch::new(beside, ".bakehouse-", 0o755).at("write to", beside)
}

/// Moves `from` to `to`. Folders are merged, files replaced; a symbolic link at
/// `to` is replaced, never followed.
///
/// # Errors
/// What the file system refuses.
pub fn place(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    let is_folder = |path: &Path| path.symlink_metadata().is_ok_and(|m| m.is_dir());
    let mut todo = vec![(from.to_owned(), to.to_owned())];
    let mut merged = Vec::new();
    while let Some((from, to)) = todo.pop() {
        match (is_folder(&from), is_folder(&to)) {
            (true, true) => {
                for entry in fs::read_dir(&from)? {
                    let entry = entry?;
                    todo.push((entry.path(), to.join(entry.file_name())));
                }
                merged.push(from);
            }
            (false, true) => {
                return Err(io::Error::new(
                    io::ErrorKind::IsADirectory,
                    format!("{} is a folder", to.display()),
                ));
            }
            (true, false) if to.symlink_metadata().is_ok() => {
                fs::remove_file(&to)?;
                fs::rename(&from, &to)?;
            }
            (_, false) => fs::rename(&from, &to)?,
        }
    }
    // Innermost first.
    merged.iter().rev().try_for_each(fs::remove_dir)
}

/// The reasons why content is not where a recipe wants it.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// For the recipe's own choice of names.
    #[error(transparent)]
    Name(StorageError),
    /// For the system's reasons.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The reason why content is not at `into`, told apart by whose fault it is.
#[must_use]
pub fn placed(into: &Path, error: io::Error) -> PlaceError {
    use io::ErrorKind::{InvalidFilename, IsADirectory, NotADirectory};
    let kind = error.kind();
    let error = StorageError::new("write", into, error);
    match kind {
        InvalidFilename | IsADirectory | NotADirectory => PlaceError::Name(error),
        _ => PlaceError::Storage(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn merges_and_never_follows_links() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("from/sub/deep")).unwrap();
        fs::write(root.join("from/sub/new"), "new").unwrap();
        fs::write(root.join("from/linked"), "new").unwrap();
        fs::create_dir_all(root.join("from/linked-folder")).unwrap();
        fs::write(root.join("from/linked-folder/x"), "new").unwrap();
        fs::create_dir_all(root.join("to/sub")).unwrap();
        fs::write(root.join("to/sub/old"), "old").unwrap();
        fs::create_dir_all(root.join("victim")).unwrap();
        fs::write(root.join("victim/file"), "old").unwrap();
        symlink(root.join("victim/file"), root.join("to/linked")).unwrap();
        symlink(root.join("victim"), root.join("to/linked-folder")).unwrap();

        place(&root.join("from"), &root.join("to")).unwrap();
        assert_eq!(fs::read_to_string(root.join("to/sub/old")).unwrap(), "old");
        assert_eq!(fs::read_to_string(root.join("to/sub/new")).unwrap(), "new");
        assert_eq!(fs::read_to_string(root.join("to/linked")).unwrap(), "new");
        assert!(root.join("to/linked-folder/x").exists());
        assert_eq!(fs::read_to_string(root.join("victim/file")).unwrap(), "old");
        assert!(!root.join("victim/x").exists());
        assert!(!root.join("from").exists());
    }
}
