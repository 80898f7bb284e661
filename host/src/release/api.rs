//! Requests to APIs: conditional, bounded, and polite about rate limits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::{
    AUTHORIZATION, CACHE_CONTROL, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, LOCATION,
};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::access::Site;
use super::response_cache::{Kept, ResponseCache};
use super::{link, rate_limit};
use crate::fetch::http::{Attempt, Tries, chunk, exchange, shown};
use crate::progress::{Event, Reporter};
use crate::recipe::CallError;

/// Refusals for rate limits before one call gives up, however short.
const MAX_REFUSALS: u32 = 3;
const MAX_REDIRECTS: usize = 5;
const MAX_BYTES: usize = 32 << 20;
/// Of an answer that tells a failure.
const MAX_FAILURE: usize = 64 << 10;
/// Pages of one list.
const MAX_PAGES: usize = 100;

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiLimits {
    /// The other side saying nothing.
    pub idle: Duration,
    /// One request, with its redirects and the whole answer.
    pub exchange: Duration,
    /// Waiting for rate limits, in one call.
    pub patience: Duration,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(20),
            exchange: Duration::from_secs(60),
            patience: Duration::from_secs(45),
        }
    }
}

/// Reads JSON APIs. Answers stay on disk and are asked for conditionally.
pub(super) struct Api {
    http: reqwest::Client,
    cache: Option<ResponseCache>,
    limits: ApiLimits,
    reporter: Arc<dyn Reporter>,
    /// Until when an API, asked with a token or without, wants to be left alone.
    paused: Mutex<HashMap<(Url, bool), SystemTime>>,
}

/// One answer.
struct Page<T> {
    value: T,
    next: Option<Url>,
    /// Entries of all pages, where the API says it.
    total: Option<usize>,
    /// It is as it was the last time.
    unchanged: bool,
}

/// How an exchange ended that did not fail.
enum Outcome {
    Unchanged(HeaderMap),
    Fresh(HeaderMap, String),
    /// Another time, after this pause.
    Later(Duration),
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
        let http = reqwest::Client::builder()
            .user_agent(concat!("bakehouse/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(15))
            // Followed here, on the API's own host only.
            .redirect(Policy::none())
            .build()?;
        Ok(Self {
            http,
            cache,
            limits,
            reporter,
            paused: Mutex::default(),
        })
    }

    /// All pages of a list, of which the API gives `per_page` entries at a time.
    ///
    /// # Errors
    /// As the contract's `release.list`.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        site: &Site,
        first: Url,
        per_page: usize,
    ) -> Result<Vec<T>, CallError> {
        let mut url = first;
        let mut all = Vec::new();
        for _ in 0..MAX_PAGES {
            let page: Page<Vec<T>> = self.get(site, &url).await?;
            let (count, is_empty) = (page.value.len(), page.value.is_empty());
            all.extend(page.value);
            // Some lists of Gitea are counted and not linked. An unchanged page
            // may have got a successor that it does not name.
            let counted = page.total.is_some_and(|total| total > all.len()) && !is_empty;
            let more = counted || page.unchanged && count >= per_page;
            url = match page.next {
                Some(next) if next == url => return Err(endless(&url)),
                Some(next) => next,
                None if more => following(&url),
                None => return Ok(all),
            };
        }
        Err(endless(&url))
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

    async fn get<T: DeserializeOwned>(&self, site: &Site, url: &Url) -> Result<Page<T>, CallError> {
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
            let exchanged = self.exchange(site, url, condition);
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
        let next = next_page(site, url, &headers)?;
        let total = total(&headers);
        match (body, kept) {
            (Some((body, value)), _) => {
                let mut kept = Kept::new(url, site.token.is_some(), body);
                kept.next = next.as_ref().map(Url::to_string);
                self.store(kept, &headers).await;
                Ok(Page {
                    value,
                    next,
                    total,
                    unchanged: false,
                })
            }
            (None, Some((kept, value))) => Ok(Page {
                value,
                next: next.or_else(|| Url::parse(&kept.next?).ok()),
                total,
                unchanged: true,
            }),
            (None, None) => Err(CallError::Unavailable(format!(
                "{what}: answered 304 to a request without a condition"
            ))),
        }
    }

    async fn exchange(
        &self,
        site: &Site,
        url: &Url,
        condition: Option<&Kept>,
    ) -> Result<Outcome, Attempt> {
        let what = shown(url);
        let mut at = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.http.get(at.clone());
            for (name, value) in site.headers {
                request = request.header(*name, *value);
            }
            if let Some(token) = &site.token {
                request = request.header(AUTHORIZATION, token.0.clone());
            }
            if let Some(etag) = condition.and_then(|kept| kept.etag.as_ref()) {
                request = request.header(IF_NONE_MATCH, etag);
            } else if let Some(date) = condition.and_then(|kept| kept.last_modified.as_ref()) {
                request = request.header(IF_MODIFIED_SINCE, date);
            }
            let response = exchange(request, &what, self.limits.idle).await?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED {
                return Ok(Outcome::Unchanged(response.headers().clone()));
            }
            if status.is_redirection() {
                at = redirected(site, &at, &response)?;
                continue;
            }
            let headers = response.headers().clone();
            if status.is_success() {
                let body = self.text(response, &what, MAX_BYTES).await?;
                return Ok(Outcome::Fresh(headers, body));
            }
            let body = self.text(response, &what, MAX_FAILURE).await;
            let body = body.unwrap_or_default();
            let overloaded = status == StatusCode::SERVICE_UNAVAILABLE;
            let asked = overloaded.then(|| rate_limit::retry_after(&headers));
            let pause = rate_limit::refused(status, &headers, &body).or(asked.flatten());
            return match pause {
                Some(pause) => Ok(Outcome::Later(pause)),
                None => Err(failure(site, &what, status, &body)),
            };
        }
        let text = format!("{what}: more than {MAX_REDIRECTS} redirects");
        Err(CallError::Unavailable(text).into())
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

    async fn text(
        &self,
        mut response: Response,
        what: &str,
        limit: usize,
    ) -> Result<String, Attempt> {
        let too_large = || CallError::Unavailable(format!("{what}: larger than {limit} bytes"));
        let announced = response.content_length().unwrap_or(0);
        if usize::try_from(announced).map_or(true, |size| size > limit) {
            return Err(too_large().into());
        }
        let mut bytes = Vec::new();
        while let Some(piece) = chunk(&mut response, what, self.limits.idle).await? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > limit {
                return Err(too_large().into());
            }
        }
        String::from_utf8(bytes).map_err(|_| {
            let text = format!("{what}: its answer is not text");
            CallError::Unavailable(text).into()
        })
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

/// Where the next page is; on the API's own host, however it is written.
fn next_page(site: &Site, url: &Url, headers: &HeaderMap) -> Result<Option<Url>, CallError> {
    let Some(next) = link::next(headers, url) else {
        return Ok(None);
    };
    // Proxies make APIs take themselves for another scheme or port.
    let mut own = site.base.clone();
    own.set_path(next.path());
    own.set_query(next.query());
    match next.host() == site.base.host() {
        true => Ok(Some(own)),
        false => Err(CallError::Unavailable(format!(
            "{}: its next page is on another host, {}",
            shown(url),
            next.host_str().unwrap_or_default()
        ))),
    }
}

/// How many entries all pages have (Gitea's header, and GitLab's).
fn total(headers: &HeaderMap) -> Option<usize> {
    let names = ["x-total-count", "x-total"];
    let value = names.iter().find_map(|name| headers.get(*name))?;
    value.to_str().ok()?.parse().ok()
}

fn redirected(site: &Site, at: &Url, response: &Response) -> Result<Url, CallError> {
    let location = response.headers().get(LOCATION);
    let to = location
        .and_then(|value| at.join(value.to_str().ok()?).ok())
        .ok_or_else(|| {
            let text = format!("{}: redirects without saying where to", shown(at));
            CallError::Unavailable(text)
        })?;
    if site.owns(&to) {
        return Ok(to);
    }
    Err(CallError::Unavailable(format!(
        "{}: redirects to another host, {}; name that host in the source and its grant if it is meant",
        shown(at),
        shown(&to)
    )))
}

/// The page after one, by number.
fn following(url: &Url) -> Url {
    let mut next = url.clone();
    let (numbers, others): (Vec<_>, Vec<_>) = url
        .query_pairs()
        .into_owned()
        .partition(|(name, _)| name == "page");
    let number = numbers.first().and_then(|(_, n)| n.parse::<u64>().ok());
    let number = number.unwrap_or(1).saturating_add(1).to_string();
    next.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .append_pair("page", &number);
    next
}

/// An answer that tells a failure, in the API's words where it has some.
fn failure(site: &Site, what: &str, status: StatusCode, body: &str) -> Attempt {
    let message = serde_json::from_str::<serde_json::Value>(body)
        .ok()
        .and_then(|value| Some(value.get("message")?.as_str()?.to_owned()))
        .map(|message| message.chars().take(200).collect::<String>());
    let said = message.map_or_else(String::new, |m| format!(" ({})", m.escape_debug()));
    let text = format!("{what}: answered {status}{said}");
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Attempt::Final(CallError::NotFound(text)),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let verb = site.token.as_ref().map_or("set", |_| "check");
            let text = format!("{text}; {verb} {}", site.variables);
            Attempt::Final(CallError::Unavailable(text))
        }
        StatusCode::REQUEST_TIMEOUT => Attempt::Again(CallError::Unavailable(text)),
        _ if status.is_server_error() => Attempt::Again(CallError::Unavailable(text)),
        _ => Attempt::Final(CallError::Unavailable(text)),
    }
}

fn endless(url: &Url) -> CallError {
    CallError::Unavailable(format!(
        "{}: a list of more than {MAX_PAGES} pages",
        shown(url)
    ))
}
