//! Credentials for a registry, resolved as Docker does.

use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential};
pub use oci_client::secrets::RegistryAuth;

/// How long a credential helper may take; some ask the user.
const HELPER_LIMIT: Duration = Duration::from_secs(60);

/// What a credential helper prints when it has nothing for a registry
/// (docker-credential-helpers, "credentials not found in native keychain").
const NOT_FOUND: &str = "credentials not found";

/// The credentials for a registry cannot be found out. No secret is part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// A credential helper takes too long.
    #[error("Docker's credential helper for {host} does not answer")]
    Silent {
        /// `host[:port]`.
        host: String,
    },
    /// Docker's configuration, or a credential helper, is broken.
    #[error("cannot read Docker's credentials for {host}: {why}")]
    Unreadable {
        /// `host[:port]`.
        host: String,
        /// What is wrong.
        why: String,
    },
}

/// Finds the credentials for one registry, when it asks for some.
#[async_trait::async_trait]
pub trait Credentials: Send + Sync {
    /// The credentials; `RegistryAuth::Bearer` is an identity token, which a
    /// token server takes for a password.
    ///
    /// # Errors
    /// When they cannot be found out. No secret is part of it.
    async fn find(&self) -> Result<RegistryAuth, CredentialsError>;
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
    async fn find(&self) -> Result<RegistryAuth, CredentialsError> {
        Ok(RegistryAuth::Anonymous)
    }
}

#[async_trait::async_trait]
impl Credentials for DockerCredentials {
    async fn find(&self) -> Result<RegistryAuth, CredentialsError> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let host = self.host.clone();
        // A thread of its own: a helper that hangs must not hold up our end.
        std::thread::spawn(move || answer.send(resolve(&host)));
        match tokio::time::timeout(HELPER_LIMIT, answered).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) | Err(_) => Err(CredentialsError::Silent {
                host: self.host.clone(),
            }),
        }
    }
}

fn resolve(host: &str) -> Result<RegistryAuth, CredentialsError> {
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
            return Err(CredentialsError::Unreadable {
                host: host.to_owned(),
                why,
            });
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
