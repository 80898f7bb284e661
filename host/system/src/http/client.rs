//! What every HTTP request to the outside has in common: limits, retries, and
//! errors that show no secrets.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use bakehouse_core::recipe::CallError;
use bytes::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, StatusCode};
use url::Url;

use crate::http::body::{self, BodyError, Bounds};
use crate::http::redirect::MAX_REDIRECTS;
use crate::http::retry_after;

const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(300);

/// The client that release sources expect: at most five redirects, none from
/// `https` to `http`, a bounded connect, proxies as in the environment.
///
/// # Errors
/// If TLS cannot be set up.
pub fn client() -> reqwest::Result<Client> {
    builder().redirect(redirects()).build()
}

/// What all clients have in common.
pub fn builder() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("bakehouse/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(15))
}

/// At most five redirects, none from `https` to `http`.
fn redirects() -> Policy {
    Policy::custom(|attempt| {
        let downgrade = attempt.url().scheme() != "https"
            && attempt.previous().iter().any(|url| url.scheme() == "https");
        if downgrade {
            attempt.error("redirect from https to http refused")
        } else if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("more than 5 redirects")
        } else {
            attempt.follow()
        }
    })
}

/// Why one try failed.
#[derive(Debug)]
pub enum Attempt {
    /// May work another time.
    Again(CallError),
    /// Will not.
    Final(CallError),
}

impl From<CallError> for Attempt {
    fn from(error: CallError) -> Self {
        Self::Final(error)
    }
}

/// Counts tries of one request and pauses between them.
#[derive(Debug, Default)]
pub struct Tries(u32);

impl Tries {
    /// Pauses if another try is left.
    ///
    /// # Errors
    /// The error of the failed try, if not.
    pub async fn pause_or_fail(&mut self, failed: Attempt) -> Result<(), CallError> {
        let (error, pause) = self.another(failed)?;
        tracing::debug!(%error, ?pause, "trying again");
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Why another try is due, and the pause before it.
    ///
    /// # Errors
    /// The error of the failed try, if none is left.
    pub fn another(&mut self, failed: Attempt) -> Result<(CallError, Duration), CallError> {
        let error = match failed {
            Attempt::Final(error) => return Err(error),
            Attempt::Again(error) => error,
        };
        self.0 += 1;
        if self.0 >= TRIES {
            return Err(error);
        }
        let pause = FIRST_PAUSE * 2_u32.pow(self.0 - 1);
        Ok((error, pause.mul_f64(0.5 + fastrand::f64())))
    }
}

/// Sends a request; `what` names it in errors. Every answer will do.
///
/// # Errors
/// When no answer came within `limit`.
pub async fn exchange(
    request: RequestBuilder,
    what: &str,
    limit: Duration,
) -> Result<Response, Attempt> {
    match tokio::time::timeout(limit, request.send()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(e)) => Err(broken(e, what)),
        Err(_) => Err(silent(what, limit)),
    }
}

/// Sends a request; answers that tell a failure are errors.
///
/// # Errors
/// As [`exchange`] and [`accept`].
pub async fn send(
    request: RequestBuilder,
    what: &str,
    limit: Duration,
) -> Result<Response, Attempt> {
    accept(exchange(request, what, limit).await?, what)
}

/// The answer, if it does not tell a failure.
///
/// # Errors
/// Whether asking again may help, by status (RFC 9110, section 15).
pub fn accept(response: Response, what: &str) -> Result<Response, Attempt> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    Err(match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            Attempt::Final(CallError::NotFound(format!("{what}: not found")))
        }
        StatusCode::TOO_MANY_REQUESTS => {
            let after = retry_after(response.headers(), SystemTime::now());
            let after = after.map_or_else(String::new, |pause| {
                format!(", it asks for {} s of pause", pause.as_secs())
            });
            Attempt::Final(CallError::RateLimited(format!(
                "{what}: too many requests{after}"
            )))
        }
        // Object stores say so of what they do not have, to whoever may not list it
        // (Amazon S3, "GetObject", permissions).
        StatusCode::FORBIDDEN => Attempt::Final(CallError::NotFound(format!(
            "{what}: answered {status}: it is not there, or not for everybody"
        ))),
        StatusCode::UNAUTHORIZED => Attempt::Final(CallError::Unavailable(format!(
            "{what}: answered {status}; it wants credentials"
        ))),
        StatusCode::REQUEST_TIMEOUT => Attempt::Again(answered(what, status)),
        _ if status.is_server_error() => Attempt::Again(answered(what, status)),
        _ => Attempt::Final(answered(what, status)),
    })
}

/// The next piece of a body, none at its end; `limit` is for this piece alone.
///
/// # Errors
/// When the connection broke, or nothing came within `limit`.
pub async fn chunk(
    response: &mut Response,
    what: &str,
    limit: Duration,
) -> Result<Option<Bytes>, Attempt> {
    match tokio::time::timeout(limit, response.chunk()).await {
        Ok(Ok(chunk)) => Ok(chunk),
        Ok(Err(e)) => Err(broken(e, what)),
        Err(_) => Err(silent(what, limit)),
    }
}

/// A whole body within its bounds.
///
/// # Errors
/// As [`chunk`]; also when the body is larger, or takes longer, than its bounds.
pub async fn body(mut response: Response, what: &str, bounds: Bounds) -> Result<Bytes, Attempt> {
    let read = body::read(&mut response, bounds).await;
    read.map_err(|error| match error {
        BodyError::Broken(error) => broken(error, what),
        BodyError::Silent(limit) => silent(what, limit),
        // Would be as slow, and as large, once more.
        BodyError::Slow(_) => Attempt::Final(CallError::Timeout(format!("{what}: {error}"))),
        BodyError::Large(_) => Attempt::Final(unavailable(what, &error)),
    })
}

/// A URL as errors may show it: without user, password, query and fragment.
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

fn broken(error: reqwest::Error, what: &str) -> Attempt {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    let text = format!("{what}: {text}");
    if error.is_timeout() {
        Attempt::Again(CallError::Timeout(text))
    } else if error.is_builder() || error.is_redirect() {
        Attempt::Final(CallError::Unavailable(text))
    } else {
        Attempt::Again(CallError::Unavailable(text))
    }
}

fn silent(what: &str, limit: Duration) -> Attempt {
    Attempt::Again(CallError::Timeout(format!(
        "{what}: no answer for {} s",
        limit.as_secs()
    )))
}

fn answered(what: &str, status: StatusCode) -> CallError {
    unavailable(what, &format!("answered {status}"))
}

fn unavailable(what: &str, why: &dyn std::fmt::Display) -> CallError {
    CallError::Unavailable(format!("{what}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_no_secrets() {
        let url = Url::parse("https://me:secret@host.test/a/b?token=secret#frag").unwrap();
        assert_eq!(shown(&url), "https://host.test/a/b?...");
    }
}
