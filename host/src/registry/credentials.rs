//! Who we are for a registry, resolved as Docker does.

use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::secrets::RegistryAuth;

use crate::error::{ExitCode, Failure};

/// Credentials for `host`: `DOCKER_CONFIG` or `~/.docker/config.json` (`auths`,
/// `credHelpers`, `credsStore`), then `GITHUB_TOKEN` and `GITHUB_ACTOR` for
/// ghcr.io, then anonymous.
///
/// # Errors
/// A [`Failure`] with [`ExitCode::Credentials`] when a credential helper fails
/// or the configuration is malformed. The secret is never part of it.
pub fn resolve(host: &str) -> Result<RegistryAuth, Failure> {
    // Docker Hub's entry has a name of its own.
    let server = match host {
        "docker.io" | "index.docker.io" => "https://index.docker.io/v1/",
        other => other,
    };
    match docker_credential::get_credential(server) {
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            return Ok(RegistryAuth::Basic(user, password));
        }
        Ok(DockerCredential::IdentityToken(token)) => return Ok(RegistryAuth::Bearer(token)),
        Err(
            CredentialRetrievalError::NoCredentialConfigured
            | CredentialRetrievalError::ConfigNotFound
            | CredentialRetrievalError::ConfigReadError,
        ) => {}
        Err(CredentialRetrievalError::HelperFailure { helper, .. }) => {
            // A helper answers like this, too, when it knows no such registry.
            tracing::debug!(host, helper, "credential helper has nothing");
        }
        Err(error) => {
            return Err(Failure::new(
                ExitCode::Credentials,
                format!("cannot read Docker's credentials for {host}: {error}"),
            )
            .hint(format!(
                "mend ~/.docker/config.json, or run: docker login {host}"
            )));
        }
    }
    if host == "ghcr.io"
        && let Ok(token) = std::env::var("GITHUB_TOKEN")
    {
        let actor = std::env::var("GITHUB_ACTOR").unwrap_or_else(|_| "x-access-token".into());
        return Ok(RegistryAuth::Basic(actor, token));
    }
    Ok(RegistryAuth::Anonymous)
}
