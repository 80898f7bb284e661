//! Exit codes and hints of the machine's and the network's errors.

use bakehouse_core::error::ExitCode;
use bakehouse_system::docker::credentials::CredentialsError;

use super::Explanation;

pub(super) fn credentials(error: &CredentialsError) -> Explanation {
    let hint = match error {
        CredentialsError::Silent { .. } => {
            "run `docker login`, or take the helper out of ~/.docker/config.json".to_owned()
        }
        CredentialsError::Unreadable { host, .. } => {
            format!("mend ~/.docker/config.json, or run: docker login {host}")
        }
    };
    Explanation::new(ExitCode::Credentials).hint(hint)
}
