//! Releases of any kind of source.

use super::npm::Npm;
use super::source::Source;
use crate::recipe::CallError;

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

/// Reads releases over HTTP; each source once a run.
#[derive(Debug, Clone)]
pub struct Releases {
    npm: Npm,
}

impl Releases {
    /// Uses this HTTP client.
    #[must_use]
    pub fn new(http: reqwest::Client) -> Self {
        Self {
            npm: Npm::new(http),
        }
    }

    /// The newest `limit` releases by version order, newest first.
    ///
    /// # Errors
    /// As the contract's `release.list`.
    pub async fn list(&self, source: &Source, limit: u32) -> Result<Vec<Release>, CallError> {
        let mut releases = self.all(source).await?.to_vec();
        releases.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(releases)
    }

    /// The newest release that is not a prerelease.
    ///
    /// # Errors
    /// As the contract's `release.latest`.
    pub async fn latest(&self, source: &Source) -> Result<Release, CallError> {
        self.find(source, "a release that is not a prerelease", |release| {
            !release.prerelease
        })
        .await
    }

    /// The release with this tag.
    ///
    /// # Errors
    /// As the contract's `release.get`.
    pub async fn get(&self, source: &Source, tag: &str) -> Result<Release, CallError> {
        self.find(source, tag, |release| release.tag == tag).await
    }

    async fn find(
        &self,
        source: &Source,
        what: &str,
        wanted: impl Fn(&Release) -> bool,
    ) -> Result<Release, CallError> {
        self.all(source)
            .await?
            .iter()
            .find(|release| wanted(release))
            .cloned()
            .ok_or_else(|| CallError::NotFound(format!("{source} has no {what}")))
    }

    async fn all(&self, source: &Source) -> Result<std::sync::Arc<[Release]>, CallError> {
        match source {
            Source::Npm(name) => self.npm.releases(name).await,
        }
    }
}
