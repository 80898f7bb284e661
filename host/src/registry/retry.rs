//! Bounded retries for requests that are safe to repeat.

use std::time::Duration;

use oci_client::errors::{OciDistributionError, OciErrorCode};

/// Tries in all, the first one included.
const ATTEMPTS: u32 = 4;
/// Pause before the second try; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// How long to wait before try number `attempt + 1`, or none to give up.
pub(super) fn pause(error: &OciDistributionError, attempt: u32) -> Option<Duration> {
    if attempt >= ATTEMPTS || !is_transient(error) {
        return None;
    }
    let base = FIRST_PAUSE * 2u32.pow(attempt - 1);
    // Half fixed, half random, so that parallel requests spread.
    Some(base.mul_f64(0.5 + fastrand::f64() / 2.0))
}

fn is_transient(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::RequestError(error) => !error.is_builder(),
        // Registries may take a moment before they see a blob that they took.
        OciDistributionError::ServerError {
            code: 400, message, ..
        } => message.contains("MANIFEST_BLOB_UNKNOWN"),
        OciDistributionError::ServerError { code, .. } => *code == 429 || *code >= 500,
        OciDistributionError::RegistryError { envelope, .. } => {
            envelope.errors.iter().any(|error| {
                matches!(
                    error.code,
                    OciErrorCode::Toomanyrequests | OciErrorCode::ManifestBlobUnknown
                )
            })
        }
        _ => false,
    }
}

/// Whether the registry said that the thing does not exist.
pub(super) fn is_absent(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::ImageManifestNotFoundError(_)
        | OciDistributionError::ServerError { code: 404, .. } => true,
        OciDistributionError::RegistryError { envelope, .. } => envelope.errors.iter().any(|e| {
            matches!(
                e.code,
                OciErrorCode::ManifestUnknown
                    | OciErrorCode::NameUnknown
                    | OciErrorCode::NotFound
                    | OciErrorCode::BlobUnknown
            )
        }),
        _ => false,
    }
}

/// Whether the registry wants other credentials.
pub(super) fn is_refused(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::AuthenticationFailure(_)
        | OciDistributionError::UnauthorizedError { .. }
        | OciDistributionError::ServerError {
            code: 401 | 403, ..
        } => true,
        OciDistributionError::RegistryError { envelope, .. } => envelope
            .errors
            .iter()
            .any(|e| matches!(e.code, OciErrorCode::Denied | OciErrorCode::Unauthorized)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: u16) -> OciDistributionError {
        OciDistributionError::ServerError {
            code,
            url: String::new(),
            message: String::new(),
        }
    }

    #[test]
    fn only_passing_faults_are_repeated_and_not_for_ever() {
        assert!(pause(&server(503), 1).is_some_and(|p| p >= FIRST_PAUSE / 2 && p <= FIRST_PAUSE));
        assert!(pause(&server(429), 3).is_some());
        assert_eq!(pause(&server(503), ATTEMPTS), None);
        assert_eq!(pause(&server(404), 1), None);
        assert_eq!(pause(&server(403), 1), None);
        assert!(is_absent(&server(404)) && is_refused(&server(403)));
    }
}
