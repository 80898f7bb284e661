//! Verified downloads into a work tree.

use std::path::{Path, PathBuf};

use crate::recipe::CallError;

/// What to do with the bytes of a download (the contract's `fetch.unpack`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpack {
    /// Write them to a file.
    None,
    /// Unpack a tar archive, dropping leading path components.
    Tar(u32),
    /// The same, gzip-compressed.
    TarGz(u32),
}

/// A download that arrived (the contract's `fetch.downloaded`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Bytes received.
    pub size: u64,
    /// `sha256:HEX` of them.
    pub digest: String,
}

/// One download.
#[derive(Debug, Clone, Copy)]
pub struct Download<'a> {
    /// `http` or `https` URL.
    pub url: &'a str,
    /// Subresource Integrity or `sha256:HEX`.
    pub integrity: Option<&'a str>,
    /// The work tree.
    pub work_tree: &'a Path,
    /// Path relative to it.
    pub into: &'a str,
    /// What to do with the bytes.
    pub unpack: Unpack,
}

/// Downloads files; keeps verified ones in a cache folder.
#[derive(Debug, Clone)]
pub struct Fetcher {
    _http: reqwest::Client,
    _cache: PathBuf,
}

impl Fetcher {
    /// Uses this HTTP client and cache folder.
    #[must_use]
    pub fn new(http: reqwest::Client, cache: PathBuf) -> Self {
        Self {
            _http: http,
            _cache: cache,
        }
    }

    /// Runs one download to its end.
    ///
    /// # Errors
    /// As the contract's `fetch.download`.
    pub async fn download(&self, request: Download<'_>) -> Result<Downloaded, CallError> {
        Err(CallError::Unavailable(request.url.to_owned()))
    }
}
