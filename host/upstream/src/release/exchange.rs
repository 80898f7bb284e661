//! One request to an API, with its redirects, and its answer.

use std::time::Duration;

use bakehouse_core::recipe::CallError;
use bakehouse_system::http::body::Bounds;
use bakehouse_system::http::client::{self as http, Attempt, shown};
use bakehouse_system::http::redirect::MAX_REDIRECTS;
use reqwest::header::{AUTHORIZATION, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::access::Site;
use super::rate_limit;
use super::response_cache::Kept;

const MAX_BYTES: u64 = 32 << 20;
/// Of an answer that tells a failure.
const MAX_FAILURE: u64 = 64 << 10;

/// Sends requests.
#[derive(Debug)]
pub(super) struct Exchange {
    http: Client,
    /// How long the other side may say nothing.
    idle: Duration,
}

/// How an exchange ended that did not fail.
pub(super) enum Outcome {
    Unchanged(HeaderMap),
    Fresh(HeaderMap, String),
    /// Another time, after this pause.
    Later(Duration),
}

impl Exchange {
    /// Connects nowhere yet.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub(super) fn new(idle: Duration) -> reqwest::Result<Self> {
        let http = Client::builder()
            .user_agent(concat!("bakehouse/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(15))
            // Followed here, on the API's own host only.
            .redirect(Policy::none())
            .build()?;
        Ok(Self { http, idle })
    }

    /// Asks once, for what changed since `condition`.
    pub(super) async fn run(
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
            let response = http::exchange(request, &what, self.idle).await?;
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

    async fn text(&self, response: Response, what: &str, limit: u64) -> Result<String, Attempt> {
        let bounds = Bounds {
            bytes: limit,
            silence: self.idle,
            // Its caller bounds the whole exchange.
            whole: Duration::MAX,
        };
        let bytes = http::body(response, what, bounds).await?;
        String::from_utf8(bytes.into()).map_err(|_| {
            let text = format!("{what}: its answer is not text");
            CallError::Unavailable(text).into()
        })
    }
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
