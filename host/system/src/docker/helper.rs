//! Docker's credential helpers, programs that keep credentials
//! (`docker-credential-helpers`).

use std::io::{self, Read as _, Write as _};
use std::process::{Command, Stdio};

use super::config::printed;
use super::credentials::RegistryAuth;

/// The words that a helper prints when it has nothing for a registry.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// Bytes of an answer.
const LIMIT: u64 = 1 << 20;

/// The reasons why a credential helper gives nothing. No secret is part of it.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// There is no such program.
    #[error("cannot be started")]
    Start(#[source] io::Error),
    /// It says that it failed; what it says besides may hold a secret.
    #[error("failed")]
    Failed,
    /// Its output is no answer of a credential helper.
    #[error("prints no credentials")]
    Malformed,
}

/// Asks a helper for the credentials of one entry.
///
/// # Errors
/// When it has not said that there are none, either.
pub(super) fn ask(mut program: Command, key: &str) -> Result<RegistryAuth, HelperError> {
    let program = program.arg("get").stdin(Stdio::piped());
    let program = program.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = program.spawn().map_err(HelperError::Start)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read what it is asked for says so by its answer.
        let _ = stdin.write_all(key.as_bytes());
    }
    let mut said = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let read = stdout.take(LIMIT).read_to_end(&mut said);
        read.map_err(|_| HelperError::Malformed)?;
    }
    let ended = child.wait().map_err(|_| HelperError::Failed)?;
    if ended.success() {
        return printed(&said).ok_or(HelperError::Malformed);
    }
    match String::from_utf8_lossy(&said).trim() == NOT_FOUND {
        true => Ok(RegistryAuth::Anonymous),
        false => Err(HelperError::Failed),
    }
}
