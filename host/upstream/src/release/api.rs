//! Requests to APIs: conditional, bounded, and polite about rate limits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bakehouse_core::progress::{Event, Reporter};
use bakehouse_core::recipe::CallError;
use bakehouse_system::http::client::{Attempt, Tries, shown};
use bakehouse_system::http::pages::{ListError, ListLimits};
use reqwest::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderName, LAST_MODIFIED};
use serde::de::DeserializeOwned;
use url::Url;

use super::access::Site;
use super::exchange::{Exchange, Outcome};
use super::pages::{Page, next_page, total};
use super::rate_limit;
use super::response_cache::{Kept, ResponseCache};

/// Refusals for rate limits before one call gives up, however short.
const MAX_REFUSALS: u32 = 3;
/// How long things may take.
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
            patience: Duration::from_secs(45),
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
    paused: Mutex<HashMap<(Url, bool), SystemTime>>,
}

impl Api {
    /// Keeps answers in the cache; retries are told to the reporter.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub(super) fn new(
        cache: Option<ResponseCache>,
        limits: ApiLimits,
        reporter: Arc<dyn Reporter>,
    ) -> reqwest::Result<Self> {
        Ok(Self {
            exchange: Exchange::new(limits.idle)?,
            cache,
            limits,
            reporter,
            paused: Mutex::default(),
        })
    }

    /// One object; none where the API has none.
    ///
    /// # Errors
    /// As the contract's `release.get`, but for `not-found`.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        site: &Site,
        url: &Url,
    ) -> Result<Option<T>, CallError> {
        match self.get(site, url).await {
            Ok(page) => Ok(Some(page.value)),
            Err(CallError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        site: &Site,
        url: &Url,
    ) -> Result<Page<T>, CallError> {
        let what = shown(url);
        let kept = self.load(url, site.token.is_some()).await.and_then(|kept| {
            let value = serde_json::from_str::<T>(&kept.body).ok()?;
            Some((kept, value))
        });
        let condition = kept.as_ref().map(|(kept, _)| kept);
        let mut tries = Tries::default();
        let mut patience = self.limits.patience;
        let mut refusals = 0;
        let (headers, body) = loop {
            self.turn(site, &what, &mut patience).await?;
            let exchanged = self.exchange.run(site, url, condition);
            let outcome = tokio::time::timeout(self.limits.exchange, exchanged).await;
            match outcome.unwrap_or_else(|_| Err(self.too_slow(&what))) {
                Ok(Outcome::Unchanged(headers)) => break (headers, None),
                Ok(Outcome::Fresh(headers, body)) => match serde_json::from_str::<T>(&body) {
                    Ok(value) => {
                        if let Some(pause) = rate_limit::used_up(&headers) {
                            self.pause(site, pause);
                        }
                        break (headers, Some((body, value)));
                    }
                    Err(e) => {
                        let text = format!("{what}: not the JSON that the API documents: {e}");
                        let failed = Attempt::Again(CallError::Unavailable(text));
                        self.again(&mut tries, failed).await?;
                    }
                },
                Ok(Outcome::Later(pause)) => {
                    refusals += 1;
                    if refusals > MAX_REFUSALS {
                        patience = Duration::ZERO;
                    }
                    self.pause(site, pause.max(Duration::from_secs(1)));
                }
                Err(failed) => self.again(&mut tries, failed).await?,
            }
        };
        let next = next_page(site, url, &headers).map_err(|error| unavailable(&what, &error))?;
        let total = total(&headers);
        match (body, kept) {
            (Some((body, value)), _) => {
                let bytes = body.len();
                let mut kept = Kept::new(url, site.token.is_some(), body);
                kept.next = next.as_ref().map(Url::to_string);
                self.store(kept, &headers).await;
                Ok(Page {
                    value,
                    next,
                    total,
                    bytes,
                })
            }
            (None, Some((kept, value))) => Ok(Page {
                value,
                bytes: kept.body.len(),
                // A 304 need not repeat what the whole answer said.
                next: next.or_else(|| {
                    let next = Url::parse(&kept.next?).ok();
                    next.filter(|next| site.owns(next))
                }),
                total,
            }),
            (None, None) => Err(CallError::Unavailable(format!(
                "{what}: answered 304 to a request without a condition"
            ))),
        }
    }

    /// Waits until the API may be asked, if that is soon.
    async fn turn(
        &self,
        site: &Site,
        what: &str,
        patience: &mut Duration,
    ) -> Result<(), CallError> {
        let key = (site.base.clone(), site.token.is_some());
        let until = {
            let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
            paused.get(&key).copied()
        };
        let Some(until) = until else {
            return Ok(());
        };
        let pause = until.duration_since(SystemTime::now()).unwrap_or_default();
        match patience.checked_sub(pause) {
            Some(left) => *patience = left,
            None => {
                let hint = match site.token {
                    Some(_) => String::new(),
                    None => format!("; with {} there may be more requests", site.variables),
                };
                let until = httpdate::fmt_http_date(until);
                return Err(CallError::RateLimited(format!(
                    "{what}: asks for a pause, try again after {until}{hint}"
                )));
            }
        }
        if !pause.is_zero() {
            let what = format!("{what}: asks for a pause");
            self.wait(&what, pause).await;
        }
        Ok(())
    }

    async fn again(&self, tries: &mut Tries, failed: Attempt) -> Result<(), CallError> {
        let (error, pause) = tries.another(failed)?;
        self.wait(&error.to_string(), pause).await;
        Ok(())
    }

    async fn wait(&self, what: &str, after: Duration) {
        self.reporter.report(Event::Retry { what, after });
        tokio::time::sleep(after).await;
    }

    fn pause(&self, site: &Site, pause: Duration) {
        let key = (site.base.clone(), site.token.is_some());
        if let Some(until) = SystemTime::now().checked_add(pause) {
            let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
            paused.insert(key, until);
        }
    }

    /// Bounds of a list.
    pub(super) const fn limits(&self) -> &ApiLimits {
        &self.limits
    }

    fn too_slow(&self, what: &str) -> Attempt {
        Attempt::Again(CallError::Timeout(format!(
            "{what}: took longer than {} s",
            self.limits.exchange.as_secs()
        )))
    }

    async fn load(&self, url: &Url, authorized: bool) -> Option<Kept> {
        let (cache, url) = (self.cache.clone()?, url.clone());
        let loaded = tokio::task::spawn_blocking(move || cache.load(&url, authorized));
        loaded.await.ok().flatten()
    }

    async fn store(&self, mut kept: Kept, headers: &HeaderMap) {
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

/// Why a list could not be read.
pub(super) fn unavailable(what: &str, error: &ListError) -> CallError {
    match error {
        ListError::Time(_) => CallError::Timeout(format!("{what}: {error}")),
        _ => CallError::Unavailable(format!("{what}: {error}")),
    }
}
