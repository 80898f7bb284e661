//! Asks the right source.

use std::sync::Arc;

use super::npm::Npm;
use super::{NpmConfig, Release, Source};
use crate::recipe::CallError;

/// Reads releases over HTTP. Clones share what was read; it is kept for as
/// long as they live.
#[derive(Debug, Clone)]
pub struct Releases {
    npm: Arc<Npm>,
}

impl Releases {
    /// Uses this HTTP client, which [`client`](crate::fetch::client) makes, and
    /// the configuration of the sources' own tools.
    #[must_use]
    pub fn new(http: reqwest::Client) -> Self {
        Self::with_npm(http, NpmConfig::load())
    }

    /// The same with this npm configuration.
    #[must_use]
    pub fn with_npm(http: reqwest::Client, config: NpmConfig) -> Self {
        Self {
            npm: Arc::new(Npm::new(http, config)),
        }
    }

    /// The newest `limit` releases by version order, newest first.
    ///
    /// # Errors
    /// As the contract's `release.list`.
    pub async fn list(&self, source: &Source, limit: u32) -> Result<Vec<Release>, CallError> {
        match source {
            Source::Npm(name) => self.npm.list(name, limit).await,
        }
    }

    /// The newest release that is not a prerelease.
    ///
    /// # Errors
    /// As the contract's `release.latest`.
    pub async fn latest(&self, source: &Source) -> Result<Release, CallError> {
        match source {
            Source::Npm(name) => self.npm.latest(name).await,
        }
    }

    /// The release with this tag.
    ///
    /// # Errors
    /// As the contract's `release.get`.
    pub async fn get(&self, source: &Source, tag: &str) -> Result<Release, CallError> {
        match source {
            Source::Npm(name) => self.npm.get(name, tag).await,
        }
    }
}
