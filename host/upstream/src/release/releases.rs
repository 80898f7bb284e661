//! Asks the right source.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bakehouse_core::progress::Reporter;
use bakehouse_core::recipe::CallError;
use bakehouse_registry::Upstream;
use bakehouse_system::http::client::client;
use tokio::sync::OnceCell;

use super::access::Site;
use super::api::Api;
use super::model::extras;
use super::npm::Npm;
use super::response_cache::ResponseCache;
use super::selection::alone;
use super::{
    Access, ApiLimits, NpmConfig, Place, Release, Selected, Selection, Source, gitea, github,
    gitlab,
};
use crate::git::{RemoteTag, remote_tags};

/// How long listing a git repository's tags may take, each try.
const GIT_LIMIT: Duration = Duration::from_secs(60);

type Slot = Arc<OnceCell<Arc<Vec<Release>>>>;

/// How sources are reached.
pub struct ReleasesOptions {
    /// Where npm's registries are.
    pub npm: NpmConfig,
    /// Where APIs are, and their tokens.
    pub access: Access,
    /// A folder for answers of APIs; without it nothing is kept.
    pub cache: Option<PathBuf>,
    /// How long APIs may take.
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
    npm: Npm,
    api: Api,
    access: Access,
    upstream: Upstream,
    read: Mutex<HashMap<Source, Slot>>,
}

impl Releases {
    /// Connects nowhere yet.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(options: ReleasesOptions) -> reqwest::Result<Self> {
        Ok(Self {
            inner: Arc::new(Inner {
                npm: Npm::new(client()?, options.npm),
                api: Api::new(
                    options.cache.map(ResponseCache::new),
                    options.limits,
                    options.reporter,
                )?,
                access: options.access,
                upstream: options.upstream,
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
        source: &Source,
        selection: &Selection,
    ) -> Result<Selected, CallError> {
        Ok(selection.of(source, &self.inner.all(source).await?))
    }

    /// The newest `limit` releases that count, by version order, newest first.
    ///
    /// # Errors
    /// As the contract's `release.list`.
    pub async fn list(
        &self,
        source: &Source,
        selection: &Selection,
        limit: u32,
    ) -> Result<Vec<Release>, CallError> {
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
        source: &Source,
        pattern: Option<&str>,
    ) -> Result<Release, CallError> {
        let selection = Selection::new(pattern, false)?;
        let Selected { releases, listing } = self.select(source, &selection).await?;
        let newest = releases.into_iter().next();
        newest.ok_or_else(|| CallError::NotFound(format!("no release counts: {listing}")))
    }

    /// The release with this tag.
    ///
    /// # Errors
    /// As the contract's `release.get`.
    pub async fn get(&self, source: &Source, tag: &str) -> Result<Release, CallError> {
        if tag.is_empty() || tag == "." || tag == ".." || tag.contains(char::is_control) {
            return Err(CallError::InvalidInput(format!(
                "`{}` cannot be a tag",
                tag.escape_debug()
            )));
        }
        let inner = &self.inner;
        let found = match inner.slot(source).initialized() {
            true => inner.listed(source, tag).await?,
            false => inner.one(source, tag).await?,
        };
        found
            .map(alone)
            .ok_or_else(|| CallError::NotFound(format!("{source} has no release {tag}")))
    }
}

impl Inner {
    fn slot(&self, source: &Source) -> Slot {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(read.entry(source.clone()).or_default())
    }

    /// All releases of a source, read once.
    async fn all(&self, source: &Source) -> Result<Arc<Vec<Release>>, CallError> {
        let slot = self.slot(source);
        let all = slot.get_or_try_init(|| async {
            let all = self.read(source).await;
            all.map(Arc::new).map_err(|error| named(error, source))
        });
        Ok(Arc::clone(all.await?))
    }

    async fn read(&self, source: &Source) -> Result<Vec<Release>, CallError> {
        let api = &self.api;
        match source {
            Source::GitHub(name) => github::releases(api, &self.access.github(), name).await,
            Source::GitHubTags(name) => github::tags(api, &self.access.github(), name).await,
            Source::GitLab(place) => {
                gitlab::releases(api, &self.gitlab(place)?, place.path()).await
            }
            Source::GitLabTags(place) => {
                gitlab::tags(api, &self.gitlab(place)?, place.path()).await
            }
            Source::Gitea(place) => gitea::releases(api, &self.gitea(place)?, place.path()).await,
            Source::GiteaTags(place) => gitea::tags(api, &self.gitea(place)?, place.path()).await,
            Source::Git(address) => {
                let tags = remote_tags(address, &self.access.mirrors, GIT_LIMIT)
                    .await?
                    .into_iter();
                let release = |tag: RemoteTag| Release {
                    extras: extras([("commit", Some(tag.commit))]),
                    ..Release::tag(tag.name)
                };
                Ok(tags.map(release).collect())
            }
            Source::Npm(name) => self.npm.all(name).await,
            Source::Oci(name) => {
                let tags = self.upstream.tags(name).await?;
                if tags.is_empty() {
                    return Err(CallError::NotFound("it has no tags".to_owned()));
                }
                Ok(tags.into_iter().map(Release::tag).collect())
            }
        }
    }

    /// The release with a tag, without a list where the source can do that.
    async fn one(&self, source: &Source, tag: &str) -> Result<Option<Release>, CallError> {
        let api = &self.api;
        match source {
            Source::GitHub(name) => github::release(api, &self.access.github(), name, tag).await,
            Source::GitLab(place) => {
                gitlab::release(api, &self.gitlab(place)?, place.path(), tag).await
            }
            Source::GitLabTags(place) => {
                gitlab::tag(api, &self.gitlab(place)?, place.path(), tag).await
            }
            Source::Gitea(place) => {
                gitea::release(api, &self.gitea(place)?, place.path(), tag).await
            }
            Source::GiteaTags(place) => {
                gitea::tag(api, &self.gitea(place)?, place.path(), tag).await
            }
            Source::GitHubTags(_) | Source::Git(_) | Source::Npm(_) | Source::Oci(_) => {
                self.listed(source, tag).await
            }
        }
    }

    async fn listed(&self, source: &Source, tag: &str) -> Result<Option<Release>, CallError> {
        let all = self.all(source).await?;
        Ok(all.iter().find(|release| release.tag == tag).cloned())
    }

    fn gitlab(&self, place: &Place) -> Result<Site, CallError> {
        let site = self.access.gitlab(place.host());
        site.map_err(|e| CallError::InvalidInput(format!("{place}: {e}")))
    }

    fn gitea(&self, place: &Place) -> Result<Site, CallError> {
        let site = self.access.gitea(place.host());
        site.map_err(|e| CallError::InvalidInput(format!("{place}: {e}")))
    }
}

/// What is not there may be hidden.
fn named(error: CallError, source: &Source) -> CallError {
    match error {
        CallError::NotFound(text) if !matches!(source, Source::Npm(_)) => {
            CallError::NotFound(format!("there is no {source}, or it is private: {text}"))
        }
        other => other,
    }
}
