//! Records of requests that passed through the proxy.

use super::fault::Fault;

/// What a request is about (distribution-spec v1.1, "Endpoints").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `/v2/`
    Ping,
    /// `/v2/<name>/manifests/<reference>`
    Manifest,
    /// `/v2/<name>/blobs/<digest>`
    Blob,
    /// `/v2/<name>/blobs/uploads/...`
    Upload,
    /// `/v2/<name>/tags/list`
    Tags,
    /// Anything else.
    Other,
}

impl Kind {
    /// The kind of a path, with or without a query.
    #[must_use]
    pub fn of(target: &str) -> Self {
        let path = target.split('?').next().unwrap_or_default();
        if matches!(path, "/v2" | "/v2/") {
            Self::Ping
        } else if path.contains("/blobs/uploads") {
            Self::Upload
        } else if path.contains("/manifests/") {
            Self::Manifest
        } else if path.contains("/blobs/") {
            Self::Blob
        } else if path.ends_with("/tags/list") {
            Self::Tags
        } else {
            Self::Other
        }
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// `GET`, `HEAD`, ...
    pub method: String,
    /// What it is about.
    pub kind: Kind,
    /// Path and query.
    pub target: String,
    /// Length of its `Authorization` header.
    pub authorization: Option<usize>,
    /// What was done to it.
    pub fault: Option<Fault>,
    /// The status that was answered; none where the connection was cut before.
    pub status: Option<u16>,
    /// Bytes of its body that reached the registry.
    pub sent: u64,
}
