//! Meaning of the engine's words: the one place that reads them.
//!
//! A pull is told in a stream of JSON whose errors are a text and nothing else
//! (Docker Engine API, `ImageCreate`); so is a program that does not start. Where the
//! engine answers with a status, 401 and 403 are clear, but 404 and 500 stand for
//! an image that is not there as well as for one that is not for this user.

use bollard::errors::Error;

use crate::output::classify::is_exec_format;

/// Signs that a registry wants other credentials.
const REFUSED: &[&str] = &[
    "unauthorized",
    "authentication required",
    "denied",
    "forbidden",
];
/// Signs that there is no such image.
const ABSENT: &[&str] = &[
    "not found",
    "no match for platform",
    "no matching manifest",
    "does not match the specified platform",
    "manifest unknown",
];

/// The meaning of an engine's error for an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The machine does not run programs for its platform.
    ExecFormat,
    /// The registry wants other credentials.
    Refused,
    /// There is none.
    Absent,
    /// Something else.
    Failed,
}

/// The engine's own words for an error.
pub(super) fn said(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.clone(),
        Error::DockerStreamError { error } => error.clone(),
        other => other.to_string(),
    }
}

/// The meaning of an error, by its status and its text.
pub(super) fn meaning(error: &Error) -> Meaning {
    let status = match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    };
    if matches!(status, Some(401 | 403)) {
        return Meaning::Refused;
    }
    let text = said(error).to_ascii_lowercase();
    let has = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
    if is_exec_format(&text) {
        Meaning::ExecFormat
    } else if has(REFUSED) {
        Meaning::Refused
    } else if has(ABSENT) || status == Some(404) {
        Meaning::Absent
    } else {
        Meaning::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_words_are_told_apart() {
        let answered = |status_code, message: &str| {
            let message = message.to_owned();
            meaning(&Error::DockerResponseServerError {
                status_code,
                message,
            })
        };
        let streamed = |error: &str| {
            let error = error.to_owned();
            meaning(&Error::DockerStreamError { error })
        };
        assert_eq!(answered(401, "no"), Meaning::Refused);
        assert_eq!(answered(403, "not found"), Meaning::Refused);
        assert_eq!(answered(404, "no such image: x"), Meaning::Absent);
        // In the words of Docker Engine 28.
        let both =
            "pull access denied for x, repository does not exist or may require 'docker login'";
        assert_eq!(answered(404, both), Meaning::Refused);
        assert_eq!(answered(500, "disk on fire"), Meaning::Failed);
        assert_eq!(
            streamed("no matching manifest for linux/s390x in the manifest list entries"),
            Meaning::Absent
        );
        assert_eq!(streamed("unauthorized: wrong password"), Meaning::Refused);
        assert_eq!(streamed("exec /x: exec format error"), Meaning::ExecFormat);
    }
}
