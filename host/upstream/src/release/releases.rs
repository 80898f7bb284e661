//! Releases of all sources, read once.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bakehouse_core::progress::Reporter;
use bakehouse_registry::Upstream;
use bakehouse_system::http::retry::Pauses;
use bakehouse_system::http::{SetUpError, client};
use tokio::sync::OnceCell;

use super::api::Api;
use super::kind::{One, Reach};
use super::response_cache::ResponseCache;
use super::selection::alone;
use super::{
    About, ApiLimits, ForgeAccess, NpmConfig, PipConfig, Release, ReleaseError, Selected,
    Selection, SourceId,
};

type Slot = Arc<OnceCell<Arc<Vec<Release>>>>;

/// The settings by which sources are reached.
pub struct ReleasesOptions {
    /// npm's configuration, which names its registries.
    pub npm: NpmConfig,
    /// pip's configuration, which names the index of Python's packages.
    pub pip: PipConfig,
    /// The addresses of APIs, and their tokens.
    pub access: ForgeAccess,
    /// A folder for answers of APIs; without it nothing is kept.
    pub cache: Option<PathBuf>,
    /// The limits of time for requests to APIs.
    pub limits: ApiLimits,
    /// Told of retries.
    pub reporter: Arc<dyn Reporter>,
    /// For registry tags.
    pub upstream: Upstream,
}

/// Reads releases over HTTP. Clones share what was read; it is kept for as
/// long as they live.
#[derive(Clone)]
pub struct Releases {
    inner: Arc<Inner>,
}

struct Inner {
    reach: Reach,
    read: Mutex<HashMap<SourceId, Slot>>,
}

impl Releases {
    /// Connects nowhere yet.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(options: ReleasesOptions) -> Result<Self, SetUpError> {
        let cache = options.cache.map(ResponseCache::new);
        let reporter = options.reporter;
        // One for all: each loads the machine's certificates.
        let http = client::builder(client::CONNECT).build()?;
        let told = Arc::clone(&reporter);
        let reach = Reach {
            api: Api::new(http.clone(), cache, options.limits, told),
            access: options.access,
            npm: options.npm,
            pip: options.pip,
            http,
            pauses: Pauses::default(),
            images: options.upstream,
            reporter,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                reach,
                read: Mutex::default(),
            }),
        })
    }

    /// The releases that count, and what else the source lists.
    ///
    /// # Errors
    /// As the contract's `release.list`.
    pub async fn select(
        &self,
        source: &SourceId,
        selection: &Selection,
    ) -> Result<Selected, ReleaseError> {
        Ok(selection.of(source, &self.inner.all(source).await?))
    }

    /// The newest `limit` releases that count, by version order, newest first.
    ///
    /// # Errors
    /// As the contract's `release.list`.
    pub async fn list(
        &self,
        source: &SourceId,
        selection: &Selection,
        limit: u32,
    ) -> Result<Vec<Release>, ReleaseError> {
        let mut found = self.select(source, selection).await?.releases;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// The newest release by version order that is not a prerelease.
    ///
    /// # Errors
    /// As the contract's `release.latest`.
    pub async fn latest(
        &self,
        source: &SourceId,
        pattern: Option<&str>,
    ) -> Result<Release, ReleaseError> {
        let selection = Selection::new(pattern, false)?;
        let Selected { releases, listing } = self.select(source, &selection).await?;
        let newest = releases.into_iter().next();
        newest.ok_or_else(|| ReleaseError::NothingCounts(listing.to_string()))
    }

    /// Tags of all that the source lists, in its order.
    ///
    /// # Errors
    /// As the contract's `release.list`.
    pub async fn tags(&self, source: &SourceId) -> Result<Vec<String>, ReleaseError> {
        let all = self.inner.all(source).await?;
        Ok(all.iter().map(|release| release.tag.clone()).collect())
    }

    /// The facts that the source tells of the project, as of the release with this
    /// tag.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn about(&self, source: &SourceId, tag: &str) -> Result<About, ReleaseError> {
        source.source.about(&self.inner.reach, tag).await
    }

    /// Asks for a source once, with as little as tells that it can be read. Nothing of
    /// it is kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn probe(&self, source: &SourceId) -> Result<(), ReleaseError> {
        let probed = source.source.probe(&self.inner.reach).await;
        probed.map_err(|error| named(error, source))
    }

    /// The release with this tag.
    ///
    /// # Errors
    /// As the contract's `release.get`.
    pub async fn get(&self, source: &SourceId, tag: &str) -> Result<Release, ReleaseError> {
        if tag.is_empty() || tag == "." || tag == ".." || tag.contains(char::is_control) {
            return Err(ReleaseError::Tag(tag.to_owned()));
        }
        let inner = &self.inner;
        let found = match inner.slot(source).initialized() {
            true => inner.listed(source, tag).await?,
            false => inner.one(source, tag).await?,
        };
        found.map(alone).ok_or_else(|| ReleaseError::NoRelease {
            name: source.to_string(),
            tag: tag.to_owned(),
        })
    }
}

impl Inner {
    fn slot(&self, source: &SourceId) -> Slot {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(read.entry(source.clone()).or_default())
    }

    /// All releases of a source, read once.
    async fn all(&self, source: &SourceId) -> Result<Arc<Vec<Release>>, ReleaseError> {
        let slot = self.slot(source);
        let all = slot.get_or_try_init(|| async {
            let all = source.source.all(&self.reach).await;
            all.map(Arc::new).map_err(|error| named(error, source))
        });
        Ok(Arc::clone(all.await?))
    }

    /// The release with a tag, without a list where the source can do that.
    async fn one(&self, source: &SourceId, tag: &str) -> Result<Option<Release>, ReleaseError> {
        match source.source.one(&self.reach, tag).await? {
            One::Asked(found) => Ok(found),
            One::Listed => self.listed(source, tag).await,
        }
    }

    async fn listed(&self, source: &SourceId, tag: &str) -> Result<Option<Release>, ReleaseError> {
        let all = self.all(source).await?;
        Ok(all.iter().find(|release| release.tag == tag).cloned())
    }
}

/// The error with the source's name: a source that is not there may be hidden.
fn named(error: ReleaseError, source: &SourceId) -> ReleaseError {
    match error {
        ReleaseError::NoPackage(_)
        | ReleaseError::EmptyPackage { .. }
        | ReleaseError::NoFiles { .. } => error,
        absent if absent.is_absent() => ReleaseError::Absent {
            name: source.to_string(),
            source: Box::new(absent),
        },
        other => other,
    }
}
