//! Refusals of the local file system.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use rustix::io::Errno;

/// An operation that the local file system refused, and on what.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}{}", path.display(), told(room.as_deref()))]
pub struct StorageError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
    room: Option<Box<Room>>,
}

impl StorageError {
    /// `action` completes "cannot ... PATH". Where there is no room, it is asked now
    /// how much there is: what is removed afterwards makes some.
    pub fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self {
            action,
            path: path.to_owned(),
            room: is_full(source.kind())
                .then(|| Room::at(path).map(Box::new))
                .flatten(),
            source: bare(source),
        }
    }

    /// The kind of the error that the system reported.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.source.kind()
    }

    /// Whether it is of the whole file system, and not of one name in it: nothing
    /// else can be written there either.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        is_everywhere(&self.source)
    }
}

/// The number that the system gave, also where somebody wrapped it in more words.
fn errno(error: &io::Error) -> Option<i32> {
    error.raw_os_error().or_else(|| {
        let inner: &(dyn std::error::Error + 'static) = error.get_ref()?;
        let causes = std::iter::successors(Some(inner), |cause| cause.source());
        causes
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .find_map(io::Error::raw_os_error)
    })
}

/// The system's own error: what is around it names a path once more.
fn bare(error: io::Error) -> io::Error {
    errno(&error).map_or(error, io::Error::from_raw_os_error)
}

const fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// Whether a whole file system has an error, and not one name in it.
#[must_use]
pub fn is_everywhere(error: &io::Error) -> bool {
    // It has no kind yet.
    let broken = errno(error) == Some(Errno::IO.raw_os_error());
    broken
        || is_full(error.kind())
        || matches!(
            error.kind(),
            ErrorKind::ReadOnlyFilesystem | ErrorKind::StaleNetworkFileHandle
        )
}

/// The room that is left on a file system.
#[derive(Debug)]
struct Room {
    folder: PathBuf,
    free: u64,
    size: u64,
    /// No further file fits, however small.
    no_file: bool,
}

impl Room {
    /// On the file system of the innermost folder of a path that is there.
    fn at(path: &Path) -> Option<Self> {
        let folder = path.ancestors().find(|folder| folder.is_dir())?;
        let stat = statvfs(folder).ok()?;
        Some(Self {
            folder: folder.to_owned(),
            free: stat.f_bavail.saturating_mul(stat.f_frsize),
            size: stat.f_blocks.saturating_mul(stat.f_frsize),
            no_file: stat.f_files > 0 && stat.f_favail == 0,
        })
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (free, size) = (Bytes(self.free), Bytes(self.size));
        write!(f, "{} has {free} free of {size}", self.folder.display())?;
        if self.no_file {
            f.write_str(", and no room for one more file")?;
        }
        Ok(())
    }
}

fn told(room: Option<&Room>) -> String {
    room.map_or_else(String::new, |room| format!("; {room}"))
}

/// Bytes as people write them, in units of a thousand.
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut unit = 1_u64;
        let mut names = ["B", "kB", "MB", "GB", "TB", "PB"].into_iter();
        let mut name = names.next().unwrap_or_default();
        for larger in names {
            if self.0 / unit < 1000 {
                break;
            }
            (unit, name) = (unit * 1000, larger);
        }
        let (whole, tenth) = (self.0 / unit, self.0 % unit * 10 / unit);
        match whole < 100 && unit > 1 {
            true => write!(f, "{whole}.{tenth} {name}"),
            false => write!(f, "{whole} {name}"),
        }
    }
}

/// Says of an I/O error what was done, and to what.
pub trait At<T> {
    /// `action` completes "cannot ... PATH".
    ///
    /// # Errors
    /// The same error with action and path.
    fn at(self, action: &'static str, path: &Path) -> Result<T, StorageError>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, StorageError> {
        self.map_err(|error| StorageError::new(action, path, error.into()))
    }
}

/// The kind of an I/O error, where it is one of files and folders.
pub fn local(error: &io::Error) -> Option<ErrorKind> {
    is_local(error).then(|| error.kind())
}

/// Whether only files and folders have errors of this kind.
fn is_local(error: &io::Error) -> bool {
    // These have no kind yet.
    let unnamed = [Errno::LOOP, Errno::IO, Errno::MFILE, Errno::NFILE];
    if Errno::from_io_error(error).is_some_and(|errno| unnamed.contains(&errno)) {
        return true;
    }
    matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::AlreadyExists
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::DirectoryNotEmpty
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::StaleNetworkFileHandle
            | ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::FileTooLarge
            | ErrorKind::ResourceBusy
            | ErrorKind::ExecutableFileBusy
            | ErrorKind::CrossesDevices
            | ErrorKind::TooManyLinks
            | ErrorKind::InvalidFilename
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_its_room() {
        let folder = std::env::temp_dir();
        let path = folder.join("not/there");
        let told = |errno: Errno| {
            let error = StorageError::new("write", &path, errno.into());
            (error.to_string(), error.is_everywhere())
        };
        let (text, everywhere) = told(Errno::NOSPC);
        let start = format!("cannot write {}: ", path.display());
        assert!(text.starts_with(&start), "{text}");
        let room = format!("; {} has ", folder.display());
        assert!(text.contains(&room) && text.contains(" free of "), "{text}");
        assert!(everywhere);
        assert!(told(Errno::DQUOT).0.contains(" free of "));
        for errno in [Errno::ROFS, Errno::IO] {
            let (text, everywhere) = told(errno);
            assert!(everywhere && !text.contains("free"), "{text}");
        }
        for errno in [Errno::ACCESS, Errno::NOENT, Errno::NAMETOOLONG] {
            assert!(!told(errno).1, "{errno}");
        }
    }

    #[test]
    fn the_systems_error_is_told_without_what_is_around_it() {
        let wrapped = io::Error::other(io::Error::from_raw_os_error(5));
        assert!(is_everywhere(&wrapped));
        let error = StorageError::new("read", Path::new("/x"), wrapped);
        let own = io::Error::from_raw_os_error(5);
        assert_eq!(error.to_string(), format!("cannot read /x: {own}"));
        let said = io::Error::other("a person's words");
        let error = StorageError::new("read", Path::new("/x"), said);
        assert_eq!(error.to_string(), "cannot read /x: a person's words");
    }

    #[test]
    fn bytes_are_written_as_people_do() {
        let all = [0, 999, 1000, 65_536, 252_000_000_000, u64::MAX];
        let told = all.map(|bytes| Bytes(bytes).to_string());
        assert_eq!(
            told,
            ["0 B", "999 B", "1.0 kB", "65.5 kB", "252 GB", "18446 PB"]
        );
    }
}
