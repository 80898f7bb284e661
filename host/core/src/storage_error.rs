//! Refusals of the local file system.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// An operation that the local file system refused, and on what.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct StorageError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl StorageError {
    /// `action` completes "cannot ... PATH".
    pub fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// What could not be read or written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the system said.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.source.kind()
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
