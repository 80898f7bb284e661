//! A release and its files.

/// One upstream release (the contract's `release.release`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The source's own name for it.
    pub tag: String,
    /// Draft, pre- or test release.
    pub prerelease: bool,
    /// RFC 3339.
    pub published: Option<String>,
    /// Its files.
    pub assets: Vec<Asset>,
    /// Facts some sources have.
    pub extras: Vec<(String, String)>,
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// File name.
    pub name: String,
    /// Where it is downloaded from.
    pub url: String,
    /// Bytes, where known.
    pub size: Option<u64>,
    /// Subresource Integrity, where known.
    pub integrity: Option<String>,
}
