//! Requests to APIs: conditional, bounded, and polite about rate limits.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bakehouse_core::progress::Reporter;
use bakehouse_system::http::HttpError;
use bakehouse_system::http::pages::ListLimits;
use bakehouse_system::http::request::shown;
use bakehouse_system::http::retry::{Backoff, PATIENCE, Pauses, Retry};
use reqwest::Client;
use reqwest::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderName, LAST_MODIFIED};
use serde::de::DeserializeOwned;
use url::Url;

use super::access::Site;
use super::error::{ReleaseError, unreadable};
use super::exchange::{Answered, Exchange};
use super::page::{ApiPage, next_page, total};
use super::rate_limit;
use super::response_cache::{CachedResponse, ResponseCache};

/// The limits of time for requests to APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiLimits {
    /// The other side saying nothing.
    pub idle: Duration,
    /// One request, with its redirects and the whole answer.
    pub exchange: Duration,
    /// Waiting for rate limits, in one call.
    pub patience: Duration,
    /// Bounds of a list, all its pages together.
    pub list: ListLimits,
    /// Bytes of what is kept of a list: names, dates, addresses.
    pub kept: usize,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(20),
            exchange: Duration::from_secs(60),
            patience: PATIENCE,
            list: ListLimits {
                pages: 100,
                // Of which an API's own decoration is nine tenths.
                bytes: 1 << 30,
                entries: 20_000,
                time: Duration::from_secs(240),
            },
            kept: 128 << 20,
        }
    }
}

/// Reads JSON APIs. Answers stay on disk and are asked for conditionally.
pub(super) struct Api {
    exchange: Exchange,
    cache: Option<ResponseCache>,
    limits: ApiLimits,
    reporter: Arc<dyn Reporter>,
    /// Until when an API, asked with a token or without, wants to be left alone.
    pauses: Pauses,
}

impl Api {
    /// Asks with a client that follows no redirect by itself, and keeps answers in the
    /// cache; retries are told to the reporter.
    pub(super) fn new(
        http: Client,
        cache: Option<ResponseCache>,
        limits: ApiLimits,
        reporter: Arc<dyn Reporter>,
    ) -> Self {
        Self {
            exchange: Exchange::new(http, limits.idle),
            cache,
            limits,
            reporter,
            pauses: Pauses::default(),
        }
    }

    /// One object; none where the API has none.
    ///
    /// # Errors
    /// As the contract's `release.get`, but for `not-found`.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        site: &Site,
        url: &Url,
    ) -> Result<Option<T>, ReleaseError> {
        match self.get(site, url).await {
            Ok(page) => Ok(Some(page.value)),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One object, asked for once; nothing is kept.
    ///
    /// # Errors
    /// As the contract's `release.get`.
    pub(super) async fn once<T: DeserializeOwned>(
        &self,
        site: &Site,
        url: &Url,
    ) -> Result<T, ReleaseError> {
        let what = shown(url);
        match self.exchange.run(site, url, None).await? {
            Answered::Fresh(_, body) => read(&what, &body),
            Answered::Unchanged(_) => Err(ReleaseError::Unasked { what }),
            Answered::Later(pause) => {
                let until = SystemTime::now() + pause;
                Err(paused(site, &what, HttpError::Paused { until }))
            }
        }
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        site: &Site,
        url: &Url,
    ) -> Result<ApiPage<T>, ReleaseError> {
        let what = shown(url);
        let kept = self.load(url, site.token.is_some()).await.and_then(|kept| {
            let value = serde_json::from_str::<T>(&kept.body).ok()?;
            Some((kept, value))
        });
        let condition = kept.as_ref().map(|(kept, _)| kept);
        let server = server(site);
        let (backoff, patience) = (Backoff::UPSTREAM, self.limits.patience);
        let mut retry = Retry::new(&what, backoff, patience, &self.pauses, &*self.reporter);
        let (headers, body) = loop {
            let turn = retry.turn(&server).await;
            turn.map_err(|error| paused(site, &what, error))?;
            let exchanged = self.exchange.run(site, url, condition);
            let outcome = tokio::time::timeout(self.limits.exchange, exchanged).await;
            match outcome.unwrap_or_else(|_| Err(self.too_slow(&what))) {
                Ok(Answered::Unchanged(headers)) => break (headers, None),
                Ok(Answered::Fresh(headers, body)) => match read::<T>(&what, &body) {
                    Ok(value) => {
                        if let Some(pause) = rate_limit::used_up(&headers) {
                            self.pauses.note(&server, pause);
                        }
                        break (headers, Some((body, value)));
                    }
                    Err(error) => retry.again(error).await?,
                },
                Ok(Answered::Later(pause)) => retry.refused(&server, pause),
                Err(failed) => retry.again(failed).await?,
            }
        };
        let next = next_page(site, url, &headers).map_err(|source| ReleaseError::List {
            what: what.clone(),
            source,
        })?;
        let total = total(&headers);
        match (body, kept) {
            (Some((body, value)), _) => {
                let bytes = body.len();
                let mut kept = CachedResponse::new(url, site.token.is_some(), body);
                kept.next = next.as_ref().map(Url::to_string);
                self.store(kept, &headers).await;
                Ok(ApiPage {
                    value,
                    next,
                    total,
                    bytes,
                })
            }
            (None, Some((kept, value))) => Ok(ApiPage {
                value,
                bytes: kept.body.len(),
                // A 304 need not repeat what the whole answer said.
                next: next.or_else(|| {
                    let next = Url::parse(&kept.next?).ok();
                    next.filter(|next| site.owns(next))
                }),
                total,
            }),
            (None, None) => Err(ReleaseError::Unasked { what }),
        }
    }

    /// Bounds of a list.
    pub(super) const fn limits(&self) -> &ApiLimits {
        &self.limits
    }

    fn too_slow(&self, what: &str) -> ReleaseError {
        ReleaseError::Slow {
            what: what.to_owned(),
            limit: self.limits.exchange,
        }
    }

    /// The answer that is kept for a request with a token, or without.
    pub(super) async fn load(&self, url: &Url, authorized: bool) -> Option<CachedResponse> {
        let (cache, url) = (self.cache.clone()?, url.clone());
        let loaded = tokio::task::spawn_blocking(move || cache.load(&url, authorized));
        loaded.await.ok().flatten()
    }

    /// Keeps an answer that can be asked for conditionally.
    pub(super) async fn store(&self, mut kept: CachedResponse, headers: &HeaderMap) {
        let header = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
        kept.etag = header(ETAG);
        kept.last_modified = header(LAST_MODIFIED);
        let secret = header(CACHE_CONTROL).is_some_and(|value| value.contains("no-store"));
        let conditional = kept.etag.is_some() || kept.last_modified.is_some();
        let Some(cache) = self.cache.clone().filter(|_| conditional && !secret) else {
            return;
        };
        let stored = tokio::task::spawn_blocking(move || cache.store(&kept)).await;
        if let Ok(Err(error)) = stored {
            tracing::warn!(%error, "an API's answer cannot be kept");
        }
    }
}

/// An API's answer.
fn read<T: DeserializeOwned>(what: &str, body: &str) -> Result<T, ReleaseError> {
    let expected = "the JSON that the API documents";
    serde_json::from_str(body).map_err(|source| unreadable(what, expected, body.as_bytes(), source))
}

/// The name of an API among those that ask for pauses.
fn server(site: &Site) -> String {
    let token = site.token.as_ref().map_or("without", |_| "with");
    format!("{} {token} a token", site.base)
}

/// The API wants a longer pause than is waited for.
fn paused(site: &Site, what: &str, error: HttpError) -> ReleaseError {
    let what = what.to_owned();
    match error {
        HttpError::Paused { until } => ReleaseError::RateLimited {
            what,
            until,
            variables: site.token.is_none().then_some(site.variables),
        },
        source => ReleaseError::Http { what, source },
    }
}
