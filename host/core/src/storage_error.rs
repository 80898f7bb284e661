//! Refusals of the local file system.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::error::{ExitCode, Failure};
use crate::recipe::CallError;

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

    /// What the system said.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.source.kind()
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::new(ExitCode::Storage, error.to_string()).hint(hint(error.kind()))
    }
}

impl From<StorageError> for CallError {
    fn from(error: StorageError) -> Self {
        Self::Storage {
            message: error.to_string(),
            hint: hint(error.kind()),
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

/// The refusal in an error's chain, by kind; none where nothing in it is about
/// files. An I/O error without path counts, unless it is one of connections.
pub fn refusal(error: &anyhow::Error) -> Option<ErrorKind> {
    error.chain().find_map(|cause| {
        let stated = cause.downcast_ref::<StorageError>().map(StorageError::kind);
        let bare = cause.downcast_ref::<io::Error>().and_then(local);
        let json = cause.downcast_ref::<serde_json::Error>();
        stated
            .or(bare)
            .or_else(|| json.and_then(serde_json::Error::io_error_kind))
    })
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

/// What to do about a refusal of this kind.
pub const fn hint(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::PermissionDenied => {
            "give the user that runs bakehouse access to it, or run as the user it belongs to"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "a project is written to: make its file system writable, or work on a copy of it"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free space there; .bakehouse/downloads, .bakehouse/sources and .bakehouse/layers may be deleted at any time"
        }
        ErrorKind::NotFound => "create the folder that it is in, or name another place",
        _ => "look at what is there: move it away, or name another place",
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn refusals_of_files_are_told_from_those_of_connections() {
        let chain = |kind: ErrorKind| {
            let failed: io::Result<()> = Err(kind.into());
            refusal(&failed.context("doing something").unwrap_err())
        };
        let full = Some(ErrorKind::StorageFull);
        assert_eq!(chain(ErrorKind::StorageFull), full);
        assert_eq!(chain(ErrorKind::ConnectionRefused), None);
        assert_eq!(chain(ErrorKind::TimedOut), None);
        assert_eq!(refusal(&anyhow::anyhow!("no space left")), None);
        let loops: io::Result<()> = Err(io::Error::from_raw_os_error(40));
        let stated = loops.at("read", Path::new("/x")).unwrap_err();
        assert!(
            stated.to_string().starts_with("cannot read /x: "),
            "{stated}"
        );
        assert!(refusal(&anyhow::Error::new(stated)).is_some());
    }
}
