//! Exchange with an API: one request, its redirects, and its answer.

use std::time::Duration;

use bakehouse_system::http::HttpError;
use bakehouse_system::http::body::Bounds;
use bakehouse_system::http::redirect::Redirects;
use bakehouse_system::http::request::{self, shown};
use reqwest::header::{AUTHORIZATION, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use reqwest::{Client, Method, Response, StatusCode};
use url::Url;

use super::access::Site;
use super::error::ReleaseError;
use super::rate_limit;
use super::response_cache::CachedResponse;

const MAX_BYTES: u64 = 32 << 20;
/// Of an answer that tells a failure.
const MAX_FAILURE: u64 = 64 << 10;

/// Sends requests.
#[derive(Debug)]
pub(super) struct Exchange {
    http: Client,
    /// The longest silence of the other side.
    idle: Duration,
}

/// The end of an exchange that did not fail.
pub(super) enum Answered {
    Unchanged(HeaderMap),
    Fresh(HeaderMap, String),
    /// Another time, after this pause.
    Later(Duration),
}

impl Exchange {
    /// One that follows no redirect by itself. Connects nowhere yet.
    pub(super) const fn new(http: Client, idle: Duration) -> Self {
        Self { http, idle }
    }

    /// Asks once, for what changed since `condition`.
    pub(super) async fn run(
        &self,
        site: &Site,
        url: &Url,
        condition: Option<&CachedResponse>,
    ) -> Result<Answered, ReleaseError> {
        let what = shown(url);
        let failed = |source: HttpError| ReleaseError::Http {
            what: what.clone(),
            source,
        };
        let mut at = url.clone();
        let mut redirects = Redirects::default();
        loop {
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
            let sent = request::exchange(request, self.idle).await;
            let response = sent.map_err(failed)?;
            let (status, headers) = (response.status(), response.headers().clone());
            if status == StatusCode::NOT_MODIFIED {
                return Ok(Answered::Unchanged(headers));
            }
            match redirects.next(&Method::GET, &at, status, &headers) {
                Ok(None) => {}
                Ok(Some(to)) if site.owns(&to) => {
                    at = to;
                    continue;
                }
                Ok(Some(to)) => {
                    let (what, to) = (shown(&at), shown(&to));
                    return Err(ReleaseError::Elsewhere { what, to });
                }
                Err(source) => return Err(ReleaseError::Redirect { what, source }),
            }
            if status.is_success() {
                let body = self.text(response, &what, MAX_BYTES).await?;
                return Ok(Answered::Fresh(headers, body));
            }
            let body = self.text(response, &what, MAX_FAILURE).await;
            let body = body.unwrap_or_default();
            return match rate_limit::refused(status, &headers, &body) {
                Some(pause) => Ok(Answered::Later(pause)),
                None => Err(failure(site, what, status, &body)),
            };
        }
    }

    async fn text(
        &self,
        response: Response,
        what: &str,
        limit: u64,
    ) -> Result<String, ReleaseError> {
        let bounds = Bounds {
            bytes: limit,
            silence: self.idle,
            // Its caller bounds the whole exchange.
            whole: Duration::MAX,
        };
        let what = what.to_owned();
        match request::body(response, bounds).await {
            Ok(bytes) => {
                String::from_utf8(bytes.into()).map_err(|_| ReleaseError::NotText { what })
            }
            Err(source) => Err(ReleaseError::Http { what, source }),
        }
    }
}

/// An answer that tells a failure, in the API's words where it has some.
fn failure(site: &Site, what: String, status: StatusCode, body: &str) -> ReleaseError {
    let said = serde_json::from_str::<serde_json::Value>(body)
        .ok()
        .and_then(|value| Some(value.get("message")?.as_str()?.to_owned()))
        .map(|message| message.chars().take(200).collect());
    let unauthorized = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    let advice = unauthorized.then(|| {
        let verb = site.token.as_ref().map_or("set", |_| "check");
        format!("{verb} {}", site.variables)
    });
    ReleaseError::Answered {
        what,
        status,
        said,
        advice,
    }
}
