//! Credentials for a registry, resolved as Docker does.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::config::{ConfigError, DockerConfig, Keeper, in_variable, key};
use super::docker_folder;
use super::helper::{HelperError, ask};
use crate::storage;

/// The longest time that a credential helper may take; some ask the user.
const HELPER_LIMIT: Duration = Duration::from_secs(60);
/// Bytes of Docker's configuration.
const CONFIG_LIMIT: u64 = 1 << 20;
/// A variable that holds a configuration of its own, for CI (`docker/cli`).
const VARIABLE: &str = "DOCKER_AUTH_CONFIG";

/// The login at a registry. It is not shown.
#[derive(Clone, PartialEq, Eq)]
pub enum RegistryAuth {
    /// Nobody.
    Anonymous,
    /// A user and a password.
    Basic(String, String),
    /// An identity token, which a token server takes for a password.
    Bearer(String),
    /// A registry token, which the registry takes as it is.
    Token(String),
}

impl fmt::Debug for RegistryAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Basic(..) => "Basic(...)",
            Self::Bearer(_) => "Bearer(...)",
            Self::Token(_) => "Token(...)",
        })
    }
}

/// The credentials for a registry cannot be found out. No secret is part of it.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// A credential helper takes too long.
    #[error("Docker's credential helper for {host} does not answer")]
    Silent {
        /// `host[:port]`.
        host: String,
    },
    /// Docker's configuration is not what Docker takes.
    #[error("cannot read Docker's credentials for {host} in {}", path.display())]
    Config {
        /// `host[:port]`.
        host: String,
        /// The file.
        path: PathBuf,
        /// The fault of the file.
        #[source]
        source: ConfigError,
    },
    /// Docker's configuration cannot be opened.
    #[error("cannot read Docker's credentials for {host} in {}", path.display())]
    File {
        /// `host[:port]`.
        host: String,
        /// The file.
        path: PathBuf,
        /// The error that opening or reading it ended with.
        #[source]
        source: std::io::Error,
    },
    /// A credential helper is broken, or missing.
    #[error("cannot read Docker's credentials for {host}: credential helper {program} {source}")]
    Helper {
        /// `host[:port]`.
        host: String,
        /// The program.
        program: String,
        /// The failure of the helper.
        source: HelperError,
    },
}

/// Finds the credentials for one registry, when it asks for some.
#[async_trait::async_trait]
pub trait Credentials: Send + Sync {
    /// The credentials.
    ///
    /// # Errors
    /// When they cannot be found out. No secret is part of it.
    async fn find(&self) -> Result<RegistryAuth, CredentialsError>;
}

/// Docker's credentials: `DOCKER_AUTH_CONFIG`, then `config.json` in
/// `DOCKER_CONFIG` or `~/.docker` (`credHelpers`, else `credsStore`, else
/// `auths`), then `GITHUB_TOKEN` and `GITHUB_ACTOR` for ghcr.io, then none.
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
    let key = key(host);
    let folder = docker_folder().unwrap_or_default();
    let path = folder.join("config.json");
    let file = match storage::read(&path, CONFIG_LIMIT) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(source) => {
            let host = host.to_owned();
            return Err(CredentialsError::File { host, path, source });
        }
    };
    let variable = std::env::var(VARIABLE).unwrap_or_default();
    let found = find(&file, &variable, key, |program| {
        ask(Command::new(program), key)
    });
    let found = found.map_err(|error| {
        let host = host.to_owned();
        match error {
            FindError::Config(source) => CredentialsError::Config { host, path, source },
            FindError::Helper { program, source } => CredentialsError::Helper {
                host,
                program,
                source,
            },
        }
    })?;
    if found == RegistryAuth::Anonymous
        && host == "ghcr.io"
        && let Ok(token) = std::env::var("GITHUB_TOKEN")
        && !token.is_empty()
    {
        let actor = std::env::var("GITHUB_ACTOR").unwrap_or_else(|_| "x-access-token".into());
        return Ok(RegistryAuth::Basic(actor, token));
    }
    Ok(found)
}

/// The reasons why nobody was found in Docker's configuration, other than that
/// there is nobody.
#[derive(Debug)]
enum FindError {
    Config(ConfigError),
    Helper {
        program: String,
        source: HelperError,
    },
}

impl From<ConfigError> for FindError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// The login that Docker would use: by the variable, a helper, or the file. A
/// variable that cannot be read does not count, as with Docker.
fn find(
    file: &[u8],
    variable: &str,
    key: &str,
    ask: impl FnOnce(&str) -> Result<RegistryAuth, HelperError>,
) -> Result<RegistryAuth, FindError> {
    let config = DockerConfig::read(file)?;
    if !variable.is_empty() {
        match in_variable(variable, key) {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(error) => tracing::warn!("{VARIABLE} is not used: {error}"),
        }
    }
    let (name, token) = match config.keeper(key)? {
        Keeper::File(login) => return Ok(login),
        Keeper::Helper { name, token } => (name, token),
    };
    let program = format!("docker-credential-{name}");
    match ask(&program) {
        Ok(login) => Ok(token.map_or(login, RegistryAuth::Token)),
        Err(source) => Err(FindError::Helper { program, source }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde::Deserialize;

    use super::*;

    /// A configuration, and what Docker's own code reads from it: github.com/docker/cli
    /// v29.9.3, `cli/config`, recorded by tests/credentials/record.sh.
    #[derive(Deserialize)]
    struct Row {
        name: String,
        config: String,
        #[serde(default)]
        variable: String,
        host: String,
        docker: Login,
        ours: Option<Login>,
        because: Option<String>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Login {
        error: bool,
        username: String,
        password: String,
        identitytoken: String,
        registrytoken: String,
    }

    impl Login {
        /// The part of an `AuthConfig` that is used: the same as of BuildKit's
        /// `authprovider` and the engine's `registry.AuthTransport`.
        fn used(self) -> Option<RegistryAuth> {
            Some(match self {
                Self { error: true, .. } => return None,
                login if !login.registrytoken.is_empty() => {
                    RegistryAuth::Token(login.registrytoken)
                }
                login if !login.identitytoken.is_empty() => {
                    RegistryAuth::Bearer(login.identitytoken)
                }
                login if login.username.is_empty() || login.password.is_empty() => {
                    RegistryAuth::Anonymous
                }
                login => RegistryAuth::Basic(login.username, login.password),
            })
        }
    }

    #[test]
    fn configurations_are_read_as_docker_reads_them() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/credentials");
        let table = std::fs::read_to_string(folder.join("table.json")).unwrap();
        let rows: Vec<Row> = serde_json::from_str(&table).unwrap();
        assert!(rows.len() > 150, "{} rows", rows.len());
        let mut wrong = Vec::new();
        for row in rows {
            let key = key(&row.host);
            let helper =
                |program: &str| ask(Command::new(folder.join("helpers").join(program)), key);
            let found = find(row.config.as_bytes(), &row.variable, key, helper);
            let expected = row.ours.unwrap_or(row.docker).used();
            assert!(
                row.because.is_none_or(|why| !why.is_empty()),
                "{}",
                row.name
            );
            if found.as_ref().ok() != expected.as_ref() {
                let shown = |login: &RegistryAuth| match login {
                    RegistryAuth::Basic(user, password) => format!("{user}:{password}"),
                    other => format!("{other:?}"),
                };
                let found = found.as_ref().map(&shown);
                wrong.push(format!(
                    "{}: {found:?}, not {:?}",
                    row.name,
                    expected.as_ref().map(shown)
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn no_secret_is_told() {
        let config = r#"{"auths":{"a.example":{"auth":"Y2FuYXJ5","password":"canary"}}}"#;
        let nobody = |_: &str| Ok(RegistryAuth::Anonymous);
        for text in [
            config,
            &config.replace("\"Y2", "7,\"Y2"),
            &config.replace("Y2", "?"),
        ] {
            let error = find(text.as_bytes(), "", "a.example", nobody).unwrap_err();
            let text = format!("{error:?}");
            assert!(
                !text.contains("anary") && !text.contains("Y2FuYXJ5"),
                "{text}"
            );
        }
        let login = RegistryAuth::Basic("canary".to_owned(), "canary".to_owned());
        assert!(!format!("{login:?}").contains("canary"));
    }
}
