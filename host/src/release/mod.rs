//! Upstream releases, one file per kind of source.

use std::fmt;
use std::str::FromStr;

use crate::recipe::CallError;

/// A release source, written `kind:name`. The same text is its grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// An npm package, by name.
    Npm(String),
}

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

/// Reads releases over HTTP.
#[derive(Debug, Clone)]
pub struct Releases {
    _http: reqwest::Client,
}

impl Releases {
    /// Uses this HTTP client.
    #[must_use]
    pub fn new(http: reqwest::Client) -> Self {
        Self { _http: http }
    }

    /// The newest `limit` releases by version order, newest first.
    ///
    /// # Errors
    /// As the contract's `release.list`.
    pub async fn list(&self, source: &Source, _limit: u32) -> Result<Vec<Release>, CallError> {
        Err(CallError::Unavailable(source.to_string()))
    }

    /// The newest release that is not a prerelease.
    ///
    /// # Errors
    /// As the contract's `release.latest`.
    pub async fn latest(&self, source: &Source) -> Result<Release, CallError> {
        Err(CallError::Unavailable(source.to_string()))
    }

    /// The release with this tag.
    ///
    /// # Errors
    /// As the contract's `release.get`.
    pub async fn get(&self, source: &Source, _tag: &str) -> Result<Release, CallError> {
        Err(CallError::Unavailable(source.to_string()))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Npm(name) => write!(f, "npm:{name}"),
        }
    }
}

impl FromStr for Source {
    type Err = CallError;

    fn from_str(text: &str) -> Result<Self, CallError> {
        match text.split_once(':') {
            Some(("npm", name)) if !name.is_empty() => Ok(Self::Npm(name.to_owned())),
            _ => Err(CallError::InvalidInput(format!(
                "`{text}` is not a release source; this host knows npm:PACKAGE"
            ))),
        }
    }
}
