//! The error of one request to a registry.

use std::time::Duration;

use bakehouse_system::docker::credentials::CredentialsError;
use bakehouse_system::http::HttpError;
use bakehouse_system::http::body::BodyError;
use bakehouse_system::http::page::PageTitle;
use bakehouse_system::http::pages::ListError;
use bakehouse_system::http::redirect::RedirectError;
use bakehouse_system::http::retry::Transient as _;
use reqwest::StatusCode;

use super::error_body::ErrorBody;
use super::login_error::LoginError;
use super::refusal::Refusal;
use crate::digest::DigestMismatch;

/// The reasons why a request did not work. Holds no URL and no header, so no
/// secret.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// No connection that can be trusted, or none through the proxy.
    #[error("no connection: {0}")]
    Way(HttpError),
    /// It redirects to a server that cannot be asked.
    #[error("it redirects to {to}: {source}")]
    Away {
        /// Scheme, host and port of that server.
        to: String,
        /// The reason why it cannot be asked.
        source: Box<Self>,
    },
    /// The connection broke, or the answer was cut off.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// Nothing came for this long.
    #[error("{}", BodyError::Silent(*.0))]
    Silent(Duration),
    /// The answer came too slowly to be whole within this time. Not asked for
    /// again: that would take as long.
    #[error("{}", BodyError::Slow(*.0))]
    Slow(Duration),
    /// The answer has more than so many bytes.
    #[error("{}", BodyError::Large(*.0))]
    Large(u64),
    /// A list of several pages could not be read to its end.
    #[error(transparent)]
    List(#[from] ListError),
    /// The registry answered with an error.
    #[error("it answered {status}{body}")]
    Status {
        /// HTTP status.
        status: StatusCode,
        /// The answer's body, as far as it is understood.
        body: ErrorBody,
        /// The pause that it asks for.
        retry_after: Option<Duration>,
    },
    /// It answered with other bytes than it should have.
    #[error(transparent)]
    Digest(#[from] DigestMismatch),
    /// It stored a blob under another digest than that of its bytes.
    #[error("it took {took} for {digest}")]
    OtherBlob {
        /// The digest that it told.
        took: String,
        /// The blob's.
        digest: String,
    },
    /// It wants other credentials.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// Our credentials could not be found out.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// It redirects to where requests are not sent.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// Its answer to the begin of an upload has no usable `Location`.
    #[error("{0}")]
    Location(String),
    /// It, or what stands in front of it, answers people.
    #[error("it answered with a web page{0}")]
    Page(PageTitle),
    /// Its list of tags is none.
    #[error("its answer is no list of tags: {0}")]
    NoTagList(serde_json::Error),
    /// The request cannot be made.
    #[error("{0}")]
    Request(String),
}

impl TransportError {
    /// Whether the same request may work another time.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::Broken(_)
            | Self::Silent(_)
            | Self::Digest(_)
            | Self::OtherBlob { .. } => true,
            Self::Status { status, body, .. } => {
                matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
                    || body.has(&["TOOMANYREQUESTS"])
                    // Registries may take a moment before they see a blob that they took.
                    || body.has(&["MANIFEST_BLOB_UNKNOWN"])
            }
            Self::Way(error) => error.is_transient(),
            Self::Away { source, .. } => source.is_transient(),
            // A token server that answers nonsense may have been cut off.
            Self::Login(error) => error.is_transient(),
            Self::Slow(_)
            | Self::Large(_)
            | Self::List(_)
            | Self::Credentials(_)
            | Self::Redirect(_)
            | Self::Location(_)
            | Self::Page(_)
            | Self::NoTagList(_)
            | Self::Request(_) => false,
        }
    }

    /// Whether the registry said that the thing does not exist.
    pub(crate) fn is_absent(&self) -> bool {
        match self {
            Self::Status { status, body, .. } => {
                *status == StatusCode::NOT_FOUND
                    || body.has(&[
                        "MANIFEST_UNKNOWN",
                        "NAME_UNKNOWN",
                        "NOT_FOUND",
                        "BLOB_UNKNOWN",
                    ])
            }
            _ => false,
        }
    }

    /// Whether the registry wants other credentials.
    pub(crate) fn is_refused(&self) -> bool {
        match self {
            Self::Login(error) => {
                !error.is_transient() && !matches!(error, LoginError::Page { .. })
            }
            Self::Status { .. } => matches!(
                self.refusal(),
                Some(Refusal::Unauthorized | Refusal::Denied)
            ),
            _ => false,
        }
    }

    /// The reason why the registry does not do what it is asked for, as far as its
    /// answer says so.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Login(LoginError::Page { .. }) => None,
            Self::Login(error) => (!error.is_transient()).then_some(Refusal::Unauthorized),
            Self::Status { status, body, .. } => Refusal::of(*status, body.codes()),
            Self::Digest(_) | Self::OtherBlob { .. } => Some(Refusal::Digest),
            _ => None,
        }
    }

    /// Whether a page came in place of an answer.
    #[must_use]
    pub const fn is_page(&self) -> bool {
        matches!(self, Self::Page(_) | Self::Login(LoginError::Page { .. }))
    }

    /// Whether there was no talking to the registry at all.
    pub(crate) fn is_unreachable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Way(_) | Self::Silent(_) => true,
            Self::Away { source, .. } => source.is_unreachable(),
            _ => false,
        }
    }

    /// Whether bytes that were sent arrived otherwise.
    pub(crate) fn is_bad_digest(&self) -> bool {
        match self {
            Self::Digest(_) | Self::OtherBlob { .. } => true,
            Self::Status { body, .. } => body.has(&["DIGEST_INVALID"]),
            _ => false,
        }
    }

    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        let tls = error.url().is_some_and(|url| url.scheme() == "https");
        // In the clear no proxy is asked.
        let error = match HttpError::from(error) {
            HttpError::Proxy { error, .. } if !tls => error,
            HttpError::Connection(error) => error,
            way => return Self::Way(way),
        };
        let mut cause: &dyn std::error::Error = &error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        let text = cause.to_string();
        if error.is_builder() || error.is_redirect() {
            Self::Request(text)
        } else if error.is_connect() {
            Self::Unreachable(text)
        } else {
            Self::Broken(text)
        }
    }
}

impl From<BodyError> for TransportError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Silent(limit) => Self::Silent(limit),
            BodyError::Slow(limit) => Self::Slow(limit),
            BodyError::Large(limit) => Self::Large(limit),
            BodyError::Broken(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, text: &str) -> TransportError {
        TransportError::Status {
            status: StatusCode::from_u16(code).unwrap(),
            body: ErrorBody::parse(text.as_bytes()),
            retry_after: None,
        }
    }

    #[test]
    fn kinds() {
        for code in [429, 500, 502, 503] {
            assert!(status(code, "").is_transient(), "{code}");
        }
        for code in [400, 401, 403, 404, 409, 413] {
            assert!(!status(code, "").is_transient(), "{code}");
        }
        assert!(status(404, "").is_absent() && !status(500, "").is_absent());
        assert!(status(403, "").is_refused() && status(401, "").is_refused());
        let denied = r#"{"errors":[{"code":"DENIED","message":"no"}]}"#;
        assert!(status(400, denied).is_refused());
        // No message, and a code of the registry's own.
        let other =
            r#"{"errors":[{"code":"TOOMANYREQUESTS"},{"code":"PLAN_LIMIT","message":null}]}"#;
        assert!(status(400, other).is_transient());
        let child = r#"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown","detail":"sha256:0"}]}"#;
        assert!(status(400, child).is_transient());
        assert_eq!(
            status(400, child).to_string(),
            "it answered 400 Bad Request: blob unknown \"sha256:0\""
        );
    }

    #[test]
    fn a_read_only_registry_wants_no_other_credentials() {
        // Quay and Harbor say DENIED of their modes, of quotas and of accounts.
        let denied = r#"{"errors":[{"code":"DENIED","message":"System is currently read-only."}]}"#;
        assert!(!status(405, denied).is_refused() && !status(507, denied).is_refused());
        assert!(status(403, denied).is_refused());
    }
}
