//! Upstream releases, one file per kind of source.

mod npm;
mod npmrc;
mod releases;
mod source;

pub use releases::{Asset, Release, Releases};
pub use source::Source;

use crate::recipe::CallError;

/// The error for an HTTP status, and whether another try may help.
pub(crate) fn status_error(shown: &str, status: reqwest::StatusCode) -> (CallError, bool) {
    let message = format!("{shown} answered {status}");
    match status.as_u16() {
        404 | 410 => (CallError::NotFound(message), false),
        401 | 403 => (
            CallError::Unavailable(format!("{message}; check its credentials")),
            false,
        ),
        429 => (CallError::RateLimited(message), true),
        500.. => (CallError::Unavailable(message), true),
        _ => (CallError::Unavailable(message), false),
    }
}
