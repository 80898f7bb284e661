//! A walk through a folder that strangers filled.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::Errno;

use super::mode::set_mode;

/// Folders in one another; more than any source tree has.
pub const DEPTH: usize = 200;

/// The type of a folder's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A device, a pipe or a socket.
    Other,
}

/// Something in a folder. It is named within its open folder: a path from the
/// root could be longer than the system takes, or lead elsewhere by now.
pub struct Entry<'a> {
    /// The folder that it is in.
    pub folder: BorrowedFd<'a>,
    /// Its name there.
    pub name: &'a CStr,
    /// The entry's type.
    pub kind: Kind,
    stat: Stat,
}

impl Entry<'_> {
    /// Bytes, as it says of itself: holes count, too.
    pub fn size(&self) -> u64 {
        u64::try_from(self.stat.st_size).unwrap_or_default()
    }

    /// Permission bits.
    pub fn mode(&self) -> u32 {
        self.stat.st_mode & 0o7777
    }

    /// Sets permission bits.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        set_mode(self.folder, self.name, mode)
    }
}

/// The reasons why a walk ended early.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// Folders are nested more than [`DEPTH`] deep.
    #[error("folders nested more than {DEPTH} deep")]
    TooDeep,
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<Errno> for WalkError {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}

impl From<WalkError> for io::Error {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::Io(error) => error,
            WalkError::TooDeep => Self::new(io::ErrorKind::InvalidInput, error),
        }
    }
}

/// A folder on the way down, and those in it that are still to be seen.
struct Level {
    folder: OwnedFd,
    todo: Vec<CString>,
}

/// Visits everything below a folder, a folder before what is in it, and
/// follows no link. What vanishes meanwhile is left out.
///
/// # Errors
/// The visitor's, and [`WalkError`].
pub fn walk<E: From<WalkError>>(
    top: &Path,
    mut visit: impl FnMut(&Entry<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let top = openat(CWD, top, FOLDER, Mode::empty()).map_err(WalkError::from)?;
    let mut levels = vec![level(top, &mut visit)?];
    while let Some(last) = levels.last_mut() {
        let Some(name) = last.todo.pop() else {
            levels.pop();
            continue;
        };
        let folder = match openat(&last.folder, &name, FOLDER, Mode::empty()) {
            Ok(folder) => folder,
            Err(error) if is_gone(error) => continue,
            Err(error) => return Err(WalkError::from(error).into()),
        };
        if levels.len() > DEPTH {
            return Err(WalkError::TooDeep.into());
        }
        levels.push(level(folder, &mut visit)?);
    }
    Ok(())
}

/// The flags with which folders are opened.
pub(super) const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Visits what is directly in a folder.
fn level<E: From<WalkError>>(
    folder: OwnedFd,
    visit: &mut impl FnMut(&Entry<'_>) -> Result<(), E>,
) -> Result<Level, E> {
    let mut todo = Vec::new();
    let mut entries = Dir::read_from(&folder).map_err(WalkError::from)?;
    while let Some(entry) = entries.read() {
        let entry = entry.map_err(WalkError::from)?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let stat = match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(error) if is_gone(error) => continue,
            Err(error) => return Err(WalkError::from(error).into()),
        };
        let kind = kind(&stat);
        visit(&Entry {
            folder: folder.as_fd(),
            name,
            kind,
            stat,
        })?;
        if kind == Kind::Folder {
            todo.push(name.to_owned());
        }
    }
    Ok(Level { folder, todo })
}

pub(super) fn kind(stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Kind::Folder,
        FileType::RegularFile => Kind::File,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}

/// Removed, or replaced by something that is no folder.
const fn is_gone(error: Errno) -> bool {
    matches!(error, Errno::NOENT | Errno::NOTDIR | Errno::LOOP)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::super::testing::nest;
    use super::*;

    #[test]
    fn sees_everything_once_and_follows_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "123").unwrap();
        symlink("/", root.join("a/root")).unwrap();
        symlink("..", root.join("a/b/up")).unwrap();
        let mut seen = Vec::new();
        walk(root, |entry| {
            let name = entry.name.to_str().unwrap().to_owned();
            seen.push((name, entry.kind));
            io::Result::Ok(())
        })
        .unwrap();
        seen.sort_by(|(one, _), (two, _)| one.cmp(two));
        let expected = [
            ("a", Kind::Folder),
            ("b", Kind::Folder),
            ("file", Kind::File),
            ("root", Kind::Link),
            ("up", Kind::Link),
        ];
        let expected = expected.map(|(name, kind)| (name.to_owned(), kind));
        assert_eq!(seen, expected);
        let link = root.join("link");
        symlink(root.join("a"), &link).unwrap();
        assert!(walk(&link, |_| io::Result::Ok(())).is_err());
    }

    #[test]
    fn paths_may_be_longer_than_the_system_takes_and_not_deeper_than_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        nest(dir.path(), &"n".repeat(250), DEPTH);
        let mut files = 0;
        let count = |entry: &Entry<'_>| {
            files += usize::from(entry.kind == Kind::File);
            io::Result::Ok(())
        };
        walk(dir.path(), count).unwrap();
        assert_eq!(files, 1);
        super::super::remove_all(dir.path()).unwrap();

        let dir = tempfile::tempdir().unwrap();
        nest(dir.path(), "d", 3000);
        let error = walk(dir.path(), |_| io::Result::Ok(())).unwrap_err();
        assert!(error.to_string().contains("200 deep"), "{error}");
        super::super::remove_all(dir.path()).unwrap();
    }
}
