//! Puts finished files where a work tree wants them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use crate::recipe::CallError;
use crate::work_tree::WorkTree;

/// A scratch folder beside the work tree: outside of every build context, on
/// the same file system. Removed when dropped.
///
/// # Errors
/// [`CallError::Other`] if it cannot be made.
pub(crate) fn scratch(tree: &WorkTree) -> Result<TempDir, CallError> {
    let beside = tree.root().parent().unwrap_or(tree.root());
    tempfile::Builder::new()
        .prefix(".bakehouse-")
        .permissions(Permissions::from_mode(0o755))
        .tempdir_in(beside)
        .map_err(|e| CallError::Other(format!("no scratch folder in {}: {e}", beside.display())))
}

/// Moves `from` to `to`. Folders are merged, files replaced; a symbolic link at
/// `to` is replaced, never followed.
pub(crate) fn place(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    let is_folder = |path: &Path| path.symlink_metadata().is_ok_and(|m| m.is_dir());
    match (is_folder(from), is_folder(to)) {
        (true, true) => {
            for entry in fs::read_dir(from)? {
                let entry = entry?;
                place(&entry.path(), &to.join(entry.file_name()))?;
            }
            fs::remove_dir(from)
        }
        (false, true) => Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            format!("{} is a folder", to.display()),
        )),
        (true, false) if to.symlink_metadata().is_ok() => {
            fs::remove_file(to)?;
            fs::rename(from, to)
        }
        (_, false) => fs::rename(from, to),
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
