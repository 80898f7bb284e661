//! Why a request did not work.

use std::fmt;
use std::time::Duration;

use bakehouse_core::error::Failure;
use bakehouse_system::http::body::BodyError;
use bakehouse_system::http::pages::ListError;
use bakehouse_system::http::redirect::RedirectError;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

/// Why a request did not work. Holds no URL and no header, so no secret.
#[derive(Debug)]
pub(crate) enum Fault {
    /// No connection.
    Unreachable(String),
    /// The connection broke, or the answer was cut off.
    Broken(String),
    /// Nothing came for this long.
    Silent(Duration),
    /// The answer came too slowly to be whole within this time. Not asked for
    /// again: that would take as long.
    Slow(Duration),
    /// A list of several pages could not be read to its end.
    List(ListError),
    /// The registry answered with an error.
    Status {
        /// HTTP status.
        status: StatusCode,
        /// What it said (distribution-spec v1.1, "Error Codes").
        said: Said,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It answered with other bytes than it should have.
    Digest(String),
    /// It wants other credentials.
    Refused(String),
    /// Our credentials could not be found out.
    Credentials(Failure),
    /// Not this registry's doing.
    Local(String),
}

/// The error body of a registry's answer.
#[derive(Debug, Default)]
pub(crate) struct Said {
    codes: Vec<String>,
    text: String,
}

/// Distribution-spec v1.1, "Error Codes". A code may be one that no
/// specification names.
#[derive(Deserialize)]
struct ErrorBody {
    errors: Vec<ErrorEntry>,
}

#[derive(Deserialize)]
struct ErrorEntry {
    code: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    detail: Value,
}

/// Longest part of an error body that is shown.
const SHOWN: usize = 300;

impl Said {
    pub(super) fn parse(body: &[u8]) -> Self {
        if let Ok(answer) = serde_json::from_slice::<ErrorBody>(body) {
            let mut parts = Vec::new();
            for error in &answer.errors {
                let mut part = error.message.clone().unwrap_or_default();
                if !error.detail.is_null() {
                    part = format!("{part} {}", error.detail);
                }
                parts.push(part);
            }
            return Self {
                codes: answer.errors.into_iter().map(|e| e.code).collect(),
                text: shorten(&parts.join("; ")),
            };
        }
        Self {
            codes: Vec::new(),
            text: shorten(&String::from_utf8_lossy(body)),
        }
    }

    /// Whether one of its codes is among these.
    fn has(&self, any: &[&str]) -> bool {
        self.codes.iter().any(|code| any.contains(&code.as_str()))
    }
}

pub(super) fn shorten(text: &str) -> String {
    let line = bakehouse_system::terminal::clean(text);
    let line = line.trim();
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

impl Fault {
    /// Whether the same request may work another time.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Broken(_) | Self::Silent(_) | Self::Digest(_) => true,
            Self::Status { status, said, .. } => {
                matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
                    || said.has(&["TOOMANYREQUESTS"])
                    // Registries may take a moment before they see a blob that they took.
                    || said.has(&["MANIFEST_BLOB_UNKNOWN"])
            }
            Self::Slow(_)
            | Self::List(_)
            | Self::Refused(_)
            | Self::Credentials(_)
            | Self::Local(_) => false,
        }
    }

    /// Whether the registry said that the thing does not exist.
    pub(crate) fn is_absent(&self) -> bool {
        match self {
            Self::Status { status, said, .. } => {
                *status == StatusCode::NOT_FOUND
                    || said.has(&[
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
            Self::Refused(_) => true,
            Self::Status { status, said, .. } => {
                matches!(status.as_u16(), 401 | 403) || said.has(&["DENIED", "UNAUTHORIZED"])
            }
            _ => false,
        }
    }

    /// Whether there was no talking to the registry at all.
    pub(crate) const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Silent(_))
    }

    /// Whether bytes that were sent arrived otherwise.
    pub(crate) fn is_bad_digest(&self) -> bool {
        match self {
            Self::Digest(_) => true,
            Self::Status { said, .. } => said.has(&["DIGEST_INVALID"]),
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

impl From<reqwest::Error> for Fault {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        let text = cause.to_string();
        if error.is_builder() || error.is_redirect() {
            Self::Local(text)
        } else if error.is_connect() {
            Self::Unreachable(text)
        } else {
            Self::Broken(text)
        }
    }
}

impl From<BodyError> for Fault {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Silent(limit) => Self::Silent(limit),
            BodyError::Slow(limit) => Self::Slow(limit),
            BodyError::Large(_) => Self::Local(error.to_string()),
            BodyError::Broken(error) => error.into(),
        }
    }
}

impl From<RedirectError> for Fault {
    fn from(error: RedirectError) -> Self {
        Self::Local(error.to_string())
    }
}

impl From<ListError> for Fault {
    fn from(error: ListError) -> Self {
        Self::List(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(text) => write!(f, "no connection: {text}"),
            Self::Broken(text) => write!(f, "the connection broke: {text}"),
            Self::Silent(limit) => write!(f, "{}", BodyError::Silent(*limit)),
            Self::Slow(limit) => write!(f, "{}", BodyError::Slow(*limit)),
            Self::List(error) => write!(f, "{error}"),
            Self::Status { status, said, .. } if said.text.is_empty() => {
                write!(f, "it answered {status}")
            }
            Self::Status { status, said, .. } => write!(f, "it answered {status}: {}", said.text),
            Self::Credentials(failure) => write!(f, "{failure}"),
            Self::Digest(text) | Self::Refused(text) | Self::Local(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, body: &str) -> Fault {
        Fault::Status {
            status: StatusCode::from_u16(code).unwrap(),
            said: Said::parse(body.as_bytes()),
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
    fn long_bodies_are_cut() {
        let page = "x".repeat(5000);
        assert!(status(502, &page).to_string().len() < SHOWN + 60);
    }
}
