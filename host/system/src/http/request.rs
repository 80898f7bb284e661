//! Requests, and what their answers' statuses mean.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response, StatusCode};
use url::Url;

use super::body::{self, Bounds};
use super::error::HttpError;
use super::retry_after::{retry_after, server_time};

/// The pause after a 429 that does not say how long.
const UNSAID: Duration = Duration::from_secs(60);

/// Sends a request. Every answer will do.
///
/// # Errors
/// When no answer came within `limit`.
pub async fn exchange(request: RequestBuilder, limit: Duration) -> Result<Response, HttpError> {
    match tokio::time::timeout(limit, request.send()).await {
        Ok(sent) => Ok(sent?),
        Err(_) => Err(HttpError::Silent { limit }),
    }
}

/// The answer, if it does not tell a failure.
///
/// # Errors
/// What its status means (RFC 9110, section 15).
pub fn accept(response: Response) -> Result<Response, HttpError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    if let Some(pause) = pause(status, response.headers()) {
        return Err(HttpError::Busy { pause });
    }
    Err(match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => HttpError::NotFound,
        StatusCode::FORBIDDEN => HttpError::Hidden { status },
        StatusCode::UNAUTHORIZED => HttpError::Unauthorized { status },
        _ => HttpError::Status { status },
    })
}

/// The pause that the server asks for, where it refuses for now: 429 whatever else
/// it says, and 503 that says for how long.
#[must_use]
pub fn pause(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let asked = retry_after(headers, server_time(headers));
    match status {
        StatusCode::TOO_MANY_REQUESTS => Some(asked.unwrap_or(UNSAID)),
        StatusCode::SERVICE_UNAVAILABLE => asked,
        _ => None,
    }
}

/// The next piece of a body, none at its end; `limit` is for this piece alone.
///
/// # Errors
/// When the connection broke, or nothing came within `limit`.
pub async fn chunk(response: &mut Response, limit: Duration) -> Result<Option<Bytes>, HttpError> {
    match tokio::time::timeout(limit, response.chunk()).await {
        Ok(chunk) => Ok(chunk?),
        Err(_) => Err(HttpError::Silent { limit }),
    }
}

/// A whole body within its bounds.
///
/// # Errors
/// As [`chunk`]; also when the body is larger, or takes longer, than its bounds.
pub async fn body(mut response: Response, bounds: Bounds) -> Result<Bytes, HttpError> {
    Ok(body::read(&mut response, bounds).await?)
}

/// A URL as errors may show it: without user, password, query and fragment.
#[must_use]
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Fails only for URLs that cannot have a user.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.query().is_some() {
        url.set_query(Some("..."));
    }
    url.set_fragment(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{DATE, RETRY_AFTER};

    use super::*;

    #[test]
    fn shows_no_secrets() {
        let url = Url::parse("https://me:secret@host.test/a/b?token=secret#frag").unwrap();
        assert_eq!(shown(&url), "https://host.test/a/b?...");
    }

    #[test]
    fn who_is_busy_says_for_how_long() {
        let asked = |status: u16, value: Option<&str>| {
            let date = "Tue, 24 Nov 2026 10:00:00 GMT".parse().unwrap();
            let mut headers = HeaderMap::from_iter([(DATE, date)]);
            headers.extend(value.map(|value| (RETRY_AFTER, value.parse().unwrap())));
            pause(StatusCode::from_u16(status).unwrap(), &headers).map(|pause| pause.as_secs())
        };
        assert_eq!(asked(429, Some("7")), Some(7));
        // By the server's own clock.
        let dated = Some("Tue, 24 Nov 2026 10:00:30 GMT");
        assert_eq!((asked(429, dated), asked(503, dated)), (Some(30), Some(30)));
        assert_eq!((asked(429, None), asked(503, None)), (Some(60), None));
        assert_eq!(asked(500, Some("7")), None);
    }
}
