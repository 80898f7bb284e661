//! Faults of one request.

use std::time::{Duration, SystemTime};

use super::record::Kind;

/// A fault of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is reset; the registry never sees the request.
    Reset,
    /// The registry does what was asked, then the connection is reset.
    LostAnswer,
    /// The connection is reset when half of the request's body has passed to the
    /// registry.
    BrokenUpload,
    /// The connection is reset when half of the request's body was sent; the
    /// registry sees none of it, as if it kept whole chunks only.
    LostUpload,
    /// The connection is reset when half of a chunk was sent; the registry keeps
    /// that half, as if it had been the whole chunk.
    KeptUpload,
    /// The proxy stops listening and resets every connection, until
    /// [`FaultProxy::up`](super::FaultProxy::up).
    Down,
    /// The registry does what was asked, and is silent for so long before it
    /// answers.
    SlowHeaders(Duration),
    /// The answer pauses for so long in the middle of its body.
    SlowBody(Duration),
    /// The answer ends in the middle of its body.
    TruncatedBody,
    /// 429, with `Retry-After`.
    Throttled(RetryAfter),
    /// This status, whatever was asked.
    Status(u16),
    /// The answer's `Docker-Content-Digest` is of something else.
    WrongDigest,
    /// The registry sees another, invalid token, so it answers with its
    /// challenge.
    ExpiredToken,
    /// After a manifest was put, so many reads of it answer 404.
    Unseen(u32),
}

/// The value of a `Retry-After` header (RFC 9110, section 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// Delay in seconds.
    Seconds(u64),
    /// HTTP date, so many seconds from now.
    Date(u64),
}

impl RetryAfter {
    pub(super) fn value(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date(seconds) => {
                httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds))
            }
        }
    }
}

impl Fault {
    /// Whether it makes a difference to such a request.
    pub(super) fn fits(self, method: &str, kind: Kind, authorized: bool) -> bool {
        match self {
            Self::BrokenUpload | Self::LostUpload => match kind {
                Kind::Upload => matches!(method, "PATCH" | "PUT" | "POST"),
                _ => method == "PUT",
            },
            Self::KeptUpload => method == "PATCH",
            Self::SlowBody(_) | Self::TruncatedBody => {
                method == "GET" && matches!(kind, Kind::Manifest | Kind::Blob | Kind::Tags)
            }
            Self::WrongDigest => matches!(kind, Kind::Manifest | Kind::Blob),
            Self::ExpiredToken => authorized,
            Self::Unseen(_) => kind == Kind::Manifest && method == "PUT",
            _ => true,
        }
    }
}
