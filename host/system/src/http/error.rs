//! Failures of a request. They hold no URL and no header, hence no secret.

use std::time::{Duration, SystemTime};

use bakehouse_core::error::chain;
use reqwest::StatusCode;

use super::body::BodyError;
use super::redirect::RedirectError;
use super::retry::Transient;

/// The reasons why a request had no answer that is of use. The caller adds what it
/// asked for.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// 404 or 410.
    #[error("not found")]
    NotFound,
    /// 403: object stores say so of what they do not have, to whoever may not
    /// list it (Amazon S3, "`GetObject`", permissions).
    #[error("answered {status}: it is not there, or not for everybody")]
    Hidden {
        /// The status.
        status: StatusCode,
    },
    /// 401.
    #[error("answered {status}; it wants credentials")]
    Unauthorized {
        /// The status.
        status: StatusCode,
    },
    /// 429, or 503 that says when to ask again.
    #[error("rate limited for {} s", pause.as_secs())]
    Busy {
        /// The pause that it asks for.
        pause: Duration,
    },
    /// It asked for a longer pause than is waited for.
    #[error("rate limited; try again after {}", httpdate::fmt_http_date(*until))]
    Paused {
        /// The time from which it may be asked again.
        until: SystemTime,
    },
    /// Any other status that tells a failure.
    #[error("answered {status}")]
    Status {
        /// The status.
        status: StatusCode,
    },
    /// Nothing came for this long.
    #[error("no answer for {} s", limit.as_secs())]
    Silent {
        /// The time that was waited.
        limit: Duration,
    },
    /// The body left its bounds.
    #[error(transparent)]
    Body(BodyError),
    /// It leads where nobody follows.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// No connection, or it broke.
    #[error("{}", chain(.0))]
    Connection(#[source] reqwest::Error),
}

impl HttpError {
    /// Whether the thing is not there, as far as anybody tells.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::NotFound | Self::Hidden { .. })
    }

    /// Whether it took too long.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Silent { .. } => true,
            Self::Body(error) => matches!(error, BodyError::Silent(_) | BodyError::Slow(_)),
            Self::Connection(error) => error.is_timeout(),
            _ => false,
        }
    }
}

impl Transient for HttpError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Silent { .. } => true,
            Self::Status { status } => {
                *status == StatusCode::REQUEST_TIMEOUT || status.is_server_error()
            }
            Self::Connection(error) => !error.is_builder() && !error.is_redirect(),
            // What is slow or large would be so once more.
            Self::Body(error) => matches!(error, BodyError::Silent(_) | BodyError::Broken(_)),
            Self::NotFound
            | Self::Hidden { .. }
            | Self::Unauthorized { .. }
            | Self::Paused { .. }
            | Self::Redirect(_) => false,
        }
    }

    fn is_awaited(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        Self::Connection(error.without_url())
    }
}

impl From<BodyError> for HttpError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Broken(error) => error.into(),
            BodyError::Silent(limit) => Self::Silent { limit },
            other => Self::Body(other),
        }
    }
}
