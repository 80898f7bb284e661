//! Redirects (RFC 9110, section 15.4), followed by hand.
//!
//! HTTP clients repeat a request's body where a 307 or 308 sends them, whoever
//! that is. A body may hold a credential, and a header always may: neither goes
//! to another origin than it was meant for.

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, StatusCode};
use url::Url;

/// Redirects of one request that are followed.
const MAX_REDIRECTS: usize = 5;

/// The reasons why a redirect is not followed. Shows hosts, no paths: those may
/// hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// It names no address.
    #[error("it redirects without saying where to")]
    Nowhere,
    /// From HTTPS to something that others can read.
    #[error("it redirects from https to {0}, which is refused")]
    Downgrade(String),
    /// A request with a body or a credential, to another host.
    #[error("it redirects to another host, {0}, which is given neither credentials nor uploads")]
    Elsewhere(String),
    /// A status that may change the method of a request that writes.
    #[error("it redirects a request that writes, by {0}")]
    Rewritten(StatusCode),
    /// Again and again.
    #[error("more than {MAX_REDIRECTS} redirects")]
    TooMany,
}

/// The URL to which a redirected request goes next; none when the answer is no
/// redirect. A request that only reads may leave the origin `at`, and is then sent
/// without credentials; everything else stays.
///
/// # Errors
/// When the redirect is not followed.
pub fn next(
    method: &Method,
    at: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Url>, RedirectError> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let to = headers
        .get(LOCATION)
        .and_then(|value| at.join(value.to_str().ok()?).ok())
        .filter(|to| matches!(to.scheme(), "http" | "https") && to.has_host())
        .ok_or(RedirectError::Nowhere)?;
    if at.scheme() == "https" && to.scheme() != "https" {
        return Err(RedirectError::Downgrade(origin(&to)));
    }
    if *method == Method::GET || *method == Method::HEAD {
        return Ok(Some(to));
    }
    if to.origin() != at.origin() {
        return Err(RedirectError::Elsewhere(origin(&to)));
    }
    match status {
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => Ok(Some(to)),
        _ => Err(RedirectError::Rewritten(status)),
    }
}

/// The same for what carries a credential that is meant for this origin alone,
/// whatever its method.
///
/// # Errors
/// When the redirect is not followed; [`RedirectError::Elsewhere`] for another
/// origin.
fn within(
    method: &Method,
    at: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Url>, RedirectError> {
    match next(method, at, status, headers)? {
        Some(to) if to.origin() != at.origin() => Err(RedirectError::Elsewhere(origin(&to))),
        to => Ok(to),
    }
}

/// Counts the redirects of one request: a few are followed, and no more.
#[derive(Debug, Default)]
pub struct Redirects(usize);

impl Redirects {
    /// As the function [`next`].
    ///
    /// # Errors
    /// When the redirect is not followed; [`RedirectError::TooMany`] when it is
    /// one too many.
    pub fn next(
        &mut self,
        method: &Method,
        at: &Url,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Option<Url>, RedirectError> {
        self.count(next(method, at, status, headers)?)
    }

    /// As the function `within` of this module.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn within(
        &mut self,
        method: &Method,
        at: &Url,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Option<Url>, RedirectError> {
        self.count(within(method, at, status, headers)?)
    }

    fn count(&mut self, to: Option<Url>) -> Result<Option<Url>, RedirectError> {
        self.0 += usize::from(to.is_some());
        match self.0 > MAX_REDIRECTS {
            true => Err(RedirectError::TooMany),
            false => Ok(to),
        }
    }
}

/// Scheme, host and port, for people.
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(method: &Method, status: u16, to: &str) -> Result<Option<String>, RedirectError> {
        let at = Url::parse("https://a.example/v2/x").unwrap();
        let headers = HeaderMap::from_iter([(LOCATION, to.parse().unwrap())]);
        let status = StatusCode::from_u16(status).unwrap();
        next(method, &at, status, &headers).map(|to| to.map(String::from))
    }

    #[test]
    fn what_reads_may_leave() {
        let read = |to: &str| follow(&Method::GET, 307, to).unwrap().unwrap();
        assert_eq!(read("/y"), "https://a.example/y");
        assert_eq!(read("https://b.example/y"), "https://b.example/y");
        assert_eq!(read("//b.example:1/y"), "https://b.example:1/y");
        for status in [200, 304, 404] {
            assert_eq!(follow(&Method::GET, status, "/y"), Ok(None), "{status}");
        }
    }

    #[test]
    fn what_writes_stays() {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            for to in [
                "https://b.example/v2/x",
                "https://a.example:8443/v2/x",
                "//b.example/v2/x",
            ] {
                for status in [301, 302, 303, 307, 308] {
                    let refused = follow(&method, status, to);
                    let elsewhere = matches!(refused, Err(RedirectError::Elsewhere(_)));
                    assert!(elsewhere, "{method} {status} {to}: {refused:?}");
                }
            }
            assert_eq!(
                follow(&method, 308, "/y"),
                Ok(Some("https://a.example/y".to_owned()))
            );
            let rewritten = follow(&method, 302, "/y");
            assert!(matches!(rewritten, Err(RedirectError::Rewritten(_))));
        }
    }

    #[test]
    fn a_few_are_followed_and_no_more() {
        let at = Url::parse("https://a.example/x").unwrap();
        let headers = HeaderMap::from_iter([(LOCATION, "/y".parse().unwrap())]);
        let (moved, fine) = (StatusCode::TEMPORARY_REDIRECT, StatusCode::OK);
        for method in [Method::GET, Method::POST] {
            let mut redirects = Redirects::default();
            for _ in 0..MAX_REDIRECTS {
                assert!(redirects.next(&method, &at, moved, &headers).is_ok());
            }
            let end = redirects.within(&method, &at, fine, &headers);
            assert_eq!(end, Ok(None), "an answer at the end");
            let again = redirects.within(&method, &at, moved, &headers);
            assert_eq!(again, Err(RedirectError::TooMany));
        }
    }

    #[test]
    fn never_down_and_never_nowhere() {
        for to in ["http://a.example/v2/x", "http://127.0.0.1/v2/x"] {
            let refused = follow(&Method::GET, 301, to);
            assert!(matches!(refused, Err(RedirectError::Downgrade(_))), "{to}");
        }
        for to in ["", "https://", "ftp://a.example/x", "file:///etc/passwd"] {
            let got = follow(&Method::GET, 307, to);
            // An empty one is the address itself, and runs into the count.
            if !to.is_empty() {
                assert_eq!(got, Err(RedirectError::Nowhere), "{to}");
            }
        }
    }
}
