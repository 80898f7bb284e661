//! Who we are for a registry, resolved as Docker does.

use std::time::Duration;

use bakehouse_core::error::{ExitCode, Failure};
use docker_credential::{CredentialRetrievalError, DockerCredential};
pub use oci_client::secrets::RegistryAuth;

/// How long a credential helper may take; some ask the user.
const HELPER_LIMIT: Duration = Duration::from_secs(60);

/// What a credential helper prints when it has nothing for a registry
/// (docker-credential-helpers, "credentials not found in native keychain").
const NOT_FOUND: &str = "credentials not found";

/// Finds the credentials for one registry, when it asks for some.
#[async_trait::async_trait]
pub trait Credentials: Send + Sync {
    /// The credentials; `RegistryAuth::Bearer` is an identity token, which a
    /// token server takes for a password.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Credentials`]. No secret is part of it.
    async fn find(&self) -> Result<RegistryAuth, Failure>;
}

/// Docker's credentials: `DOCKER_CONFIG` or `~/.docker/config.json`
/// (`credHelpers`, `auths`, `credsStore`), then `GITHUB_TOKEN` and
/// `GITHUB_ACTOR` for ghcr.io, then none.
#[derive(Debug, Clone)]
pub struct DockerCredentials {
    host: String,
}

impl DockerCredentials {
    /// For `host[:port]`.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self {
            host: host.to_owned(),
        }
    }
}

/// No credentials at all.
#[derive(Debug, Clone, Copy)]
pub struct Anonymous;

#[async_trait::async_trait]
impl Credentials for Anonymous {
    async fn find(&self) -> Result<RegistryAuth, Failure> {
        Ok(RegistryAuth::Anonymous)
    }
}

#[async_trait::async_trait]
impl Credentials for DockerCredentials {
    async fn find(&self) -> Result<RegistryAuth, Failure> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let host = self.host.clone();
        // A thread of its own: a helper that hangs must not hold up our end.
        std::thread::spawn(move || answer.send(resolve(&host)));
        match tokio::time::timeout(HELPER_LIMIT, answered).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) | Err(_) => Err(Failure::new(
                ExitCode::Credentials,
                format!(
                    "Docker's credential helper for {} does not answer",
                    self.host
                ),
            )
            .hint("run `docker login`, or take the helper out of ~/.docker/config.json")),
        }
    }
}

fn resolve(host: &str) -> Result<RegistryAuth, Failure> {
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
            | CredentialRetrievalError::ConfigNotFound,
        ) => {}
        Err(CredentialRetrievalError::HelperFailure { stdout, stderr, .. })
            if stdout.contains(NOT_FOUND) || stderr.contains(NOT_FOUND) => {}
        // Also how a configuration file that is not there is told.
        Err(CredentialRetrievalError::ConfigReadError) if !config_exists() => {}
        Err(error) => {
            // What a helper printed may hold a secret.
            let why = match error {
                CredentialRetrievalError::HelperFailure { helper, .. } => {
                    format!("credential helper {helper} failed")
                }
                other => other.to_string(),
            };
            return Err(Failure::new(
                ExitCode::Credentials,
                format!("cannot read Docker's credentials for {host}: {why}"),
            )
            .hint(format!(
                "mend ~/.docker/config.json, or run: docker login {host}"
            )));
        }
    }
    if host == "ghcr.io"
        && let Ok(token) = std::env::var("GITHUB_TOKEN")
        && !token.is_empty()
    {
        let actor = std::env::var("GITHUB_ACTOR").unwrap_or_else(|_| "x-access-token".into());
        return Ok(RegistryAuth::Basic(actor, token));
    }
    Ok(RegistryAuth::Anonymous)
}

fn config_exists() -> bool {
    let folder = std::env::var_os("DOCKER_CONFIG")
        .map(std::path::PathBuf::from)
        .or_else(|| Some(std::path::Path::new(&std::env::var_os("HOME")?).join(".docker")));
    folder.is_some_and(|folder| folder.join("config.json").exists())
}
