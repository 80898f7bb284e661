//! Files that a build exported, made fit for a work tree.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Takes set-user-id bits and the like from files, and removes devices, pipes
/// and sockets, which an export run by root would create. Links stay: a work
/// tree never follows one that leads out.
pub(crate) fn tame(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let meta = path.symlink_metadata()?;
        if meta.is_dir() {
            tame(&path)?;
        } else if meta.is_file() {
            let executable = meta.permissions().mode() & 0o100 != 0;
            let mode = if executable { 0o755 } else { 0o644 };
            fs::set_permissions(&path, Permissions::from_mode(mode))?;
        } else if !meta.is_symlink() {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tames() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir(root.join("d")).unwrap();
        fs::write(root.join("d/suid"), "").unwrap();
        fs::set_permissions(root.join("d/suid"), Permissions::from_mode(0o6711)).unwrap();
        fs::set_permissions(root.join("d"), Permissions::from_mode(0o1777)).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root.join("link")).unwrap();
        let socket = root.join("socket");
        std::os::unix::net::UnixListener::bind(&socket).unwrap();
        tame(root).unwrap();
        let mode =
            |name: &str| fs::metadata(root.join(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("d"), mode("d/suid")), (0o755, 0o755));
        assert!(root.join("link").symlink_metadata().is_ok());
        assert!(!socket.exists());
    }
}
