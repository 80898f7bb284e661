//! One download: what is asked and what comes of it.

use std::path::Path;

use bakehouse_system::quota::Quota;
use bakehouse_system::unpack::Archive;

use super::Route;

/// The use of the bytes of a download (the contract's `fetch.unpack`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpack<'a> {
    /// Write them to a file.
    None,
    /// Take what is packed in them.
    Archive(&'a Archive),
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
    /// The use of its bytes.
    pub unpack: Unpack<'a>,
    /// The most that may be written.
    pub room: Quota,
    /// The addresses to which it may lead.
    pub route: Route<'a>,
}
