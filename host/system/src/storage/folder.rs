//! Folders of the host's own: made private, looked through and removed without
//! following a link.

use std::ffi::{CString, OsStr, OsString};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Component, Path};

use bakehouse_core::storage_error::{At as _, StorageError};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use rustix::path::Arg;
use rustix::process::geteuid;

use super::file::regular;
use super::mode::set_mode;
use super::walk::{FOLDER, Kind, kind};

/// Makes a folder, and those above it, for this user alone. What is there
/// already stays as it is.
///
/// # Errors
/// When the system refuses.
pub fn create(folder: &Path) -> Result<(), StorageError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).at("create", folder)
}

/// Refuses a folder that belongs to another user than this one and the
/// system's, unless this one is the system's. One that is not there yet is made
/// for this user alone.
///
/// # Errors
/// When it is another user's, or cannot be looked at.
pub fn owned(folder: &Path) -> Result<(), StorageError> {
    let owner = match folder.metadata() {
        Ok(meta) => meta.uid(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StorageError::new("use", folder, error)),
    };
    let me = geteuid();
    if owner == me.as_raw() || owner == 0 || me.is_root() {
        return Ok(());
    }
    let why = io::Error::new(
        io::ErrorKind::PermissionDenied,
        "it belongs to another user",
    );
    Err(StorageError::new("use", folder, why))
}

/// Whether nobody but this user and the system can have filled a folder, or
/// put it in the place of another.
pub fn private(folder: &Path) -> bool {
    let mine = |uid: u32| uid == geteuid().as_raw() || uid == 0;
    let meta = folder.symlink_metadata();
    meta.is_ok_and(|meta| meta.is_dir() && mine(meta.uid()) && meta.mode() & 0o022 == 0)
}

/// An open folder. What is done in it is done there, wherever its path leads
/// by now.
#[derive(Debug)]
pub struct Folder(OwnedFd);

impl Folder {
    /// Opens a folder; a link in its place is refused.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(openat(CWD, path, FOLDER, Mode::empty())?))
    }

    /// Names of what is in it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let names = names(&self.0)?.into_iter();
        Ok(names
            .map(|name| OsString::from_vec(name.into_bytes()))
            .collect())
    }

    /// Opens a regular file to lock it; a link in its place is refused.
    ///
    /// # Errors
    /// When the system refuses, and for what is no regular file.
    pub fn file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        regular(File::from(openat(&self.0, name, flags, Mode::empty())?))
    }

    /// As [`remove_all`], of something in it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_all(&self, name: &OsStr) -> io::Result<()> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if kind(&stat) == Kind::Folder => {}
            Ok(_) => return Ok(unlinkat(&self.0, name, AtFlags::empty())?),
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        empty(&enter(&self.0, name)?)?;
        Ok(unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }
}

/// Removes a folder, however deep it is and whatever is in it; a link in its
/// place is removed itself. What is not there is removed already.
///
/// # Errors
/// When the system refuses.
pub fn remove_all(path: &Path) -> io::Result<()> {
    let Some(Component::Normal(name)) = path.components().next_back() else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match openat(CWD, parent, flags, Mode::empty()) {
        Ok(parent) => Folder(parent).remove_all(name),
        Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Removes everything in a folder. Folders in it are first moved up into it, so
/// that nothing recurses, no path is long, and few folders are open at a time.
fn empty(top: &OwnedFd) -> io::Result<()> {
    let mut count = 0_u64;
    loop {
        let mut left = false;
        for name in names(top)? {
            match unlinkat(top, &name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => continue,
                Err(Errno::ISDIR | Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
            flatten(top, &name, &mut count)?;
            left = true;
        }
        if !left {
            return Ok(());
        }
    }
}

/// Removes a folder in `top`, but for the folders in it, which get new names in
/// `top`.
fn flatten(top: &OwnedFd, name: &CString, count: &mut u64) -> io::Result<()> {
    let folder = enter(top, name)?;
    for inner in names(&folder)? {
        match unlinkat(&folder, &inner, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => continue,
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(error) => return Err(error.into()),
        }
        loop {
            *count += 1;
            let up = format!(".{}-{count}", std::process::id());
            match renameat(&folder, &inner, top, &up) {
                Ok(()) => break,
                // Somebody chose the same name.
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(unlinkat(top, name, AtFlags::REMOVEDIR)?)
}

/// Opens a folder in a folder, whatever its mode.
fn enter(parent: &OwnedFd, name: impl Arg + Copy) -> io::Result<OwnedFd> {
    match openat(parent, name, FOLDER, Mode::empty()) {
        Err(Errno::ACCESS) => {}
        opened => return Ok(opened?),
    }
    set_mode(parent, name, 0o700)?;
    Ok(openat(parent, name, FOLDER, Mode::empty())?)
}

fn names(folder: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    let mut entries = Dir::read_from(folder)?;
    while let Some(entry) = entries.read() {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::super::testing::nest;
    use super::*;

    #[test]
    fn what_is_nested_without_end_is_removed_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir(parent.path().join("kept")).unwrap();
        fs::write(parent.path().join("kept/file"), "").unwrap();
        symlink(parent.path().join("kept"), root.join("a/link")).unwrap();
        // The very names that folders are moved up to.
        for count in 1..5 {
            let name = format!(".{}-{count}", std::process::id());
            fs::create_dir_all(root.join(name).join("full")).unwrap();
        }
        fs::set_permissions(root.join("a/b"), fs::Permissions::from_mode(0o0)).unwrap();
        nest(&root, "d", 3000);
        nest(&root.join("a"), &"n".repeat(250), 100);
        remove_all(&root).unwrap();
        remove_all(&root).unwrap();
        let left: Vec<_> = fs::read_dir(parent.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(parent.path().join("kept/file").exists());
    }

    #[test]
    fn a_link_is_removed_and_what_it_shows_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        fs::create_dir(at("kept")).unwrap();
        fs::write(at("kept/file"), "").unwrap();
        symlink(at("kept"), at("link")).unwrap();
        assert!(Folder::open(&at("link")).is_err());
        remove_all(&at("link")).unwrap();
        assert!(at("link").symlink_metadata().is_err());
        assert!(at("kept/file").exists());
        fs::write(at("plain"), "").unwrap();
        remove_all(&at("plain")).unwrap();
        assert!(remove_all(Path::new("/")).is_err());
    }

    #[test]
    fn folders_are_private() {
        let parent = tempfile::tempdir().unwrap();
        let inner = parent.path().join("a/b");
        create(&inner).unwrap();
        create(&inner).unwrap();
        for folder in [parent.path().join("a"), inner] {
            let mode = fs::metadata(folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    }

    #[test]
    fn only_what_nobody_else_can_fill_is_private() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("folder");
        create(&folder).unwrap();
        assert!(private(&folder));
        symlink(&folder, parent.path().join("link")).unwrap();
        assert!(!private(&parent.path().join("link")));
        assert!(!private(&parent.path().join("gone")));
        for mode in [0o777, 0o1777, 0o775, 0o702] {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            assert!(!private(&folder), "{mode:o}");
        }
    }
}
