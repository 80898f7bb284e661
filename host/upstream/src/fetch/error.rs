//! Failures of a download.

use std::io;

use bakehouse_core::grants::Denied;
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::http::retry::Transient;
use bakehouse_system::http::{HttpError, TooSlow};
use bakehouse_system::place::PlaceError;
use bakehouse_system::unpack::UnpackError;
use bakehouse_system::work_tree::PathError;

use super::integrity::IntegrityError;

/// The reasons why nothing was downloaded. URLs in it are as people may see them.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL is none, or not in the one way to write it.
    #[error("download URL {0}")]
    Url(String),
    /// The integrity is none.
    #[error(transparent)]
    Integrity(#[from] IntegrityError),
    /// It may not be fetched, or leads where it may not.
    #[error("{via}{denied}")]
    Denied {
        /// The redirect that it was come by, the beginning of the message; empty
        /// for the URL that was asked for itself.
        via: String,
        /// The refusal.
        #[source]
        denied: Denied,
    },
    /// No answer that is of use.
    #[error("{what}: {source}")]
    Http {
        /// The URL that was requested.
        what: String,
        /// The HTTP failure.
        source: HttpError,
    },
    /// It came too slowly.
    #[error("{what}: {source}")]
    Slow {
        /// The URL that was requested.
        what: String,
        /// The bytes that should have come at least, and in which time.
        source: TooSlow,
    },
    /// It is larger than any download may be.
    #[error("{what}: larger than the limit of {limit} bytes")]
    Large {
        /// The URL that was requested.
        what: String,
        /// Bytes.
        limit: u64,
    },
    /// The bytes that arrived are not those that were published.
    #[error("{what}: its {size} bytes have the digest {actual}, expected {expected}")]
    Digest {
        /// The URL that was requested.
        what: String,
        /// Bytes that arrived.
        size: u64,
        /// Their digest.
        actual: String,
        /// The digests that it may have.
        expected: String,
    },
    /// The place for it in the work tree is none.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The place for a file is a folder.
    #[error("`{0}` is a folder; name the file to write")]
    Folder(String),
    /// There is no room for it.
    #[error("{what}: the file is larger than what the work tree may hold")]
    Room {
        /// The URL that was requested.
        what: String,
    },
    /// It is an archive that is not unpacked.
    #[error("{what}: {source}")]
    Unpack {
        /// The URL that was requested.
        what: String,
        /// The reason why the archive is not unpacked.
        source: UnpackError,
    },
    /// It cannot be where it should.
    #[error("{what}: {source}")]
    Place {
        /// The URL that was requested.
        what: String,
        /// The reason why it cannot be at its place in the work tree.
        source: PlaceError,
    },
    /// The local file system refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A worker ended early.
    #[error("{what}: {source}")]
    Worker {
        /// The URL that was requested.
        what: String,
        /// The error that the worker ended with.
        source: io::Error,
    },
}

impl Transient for FetchError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Http { source, .. } if source.is_transient())
    }

    fn is_awaited(&self) -> bool {
        matches!(self, Self::Http { source, .. } if source.is_awaited())
    }
}
