//! The address of the engine, as Docker's own CLI decides it.

use std::fmt;
use std::path::Path;

use bakehouse_system::docker::docker_folder;
use bakehouse_system::storage;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::EngineError;

/// Bytes of one of Docker's own files.
const MAX_CONFIG: u64 = 1 << 20;

const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// The address at which the engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEndpoint {
    /// `unix://`, `tcp://`, ... as in `DOCKER_HOST`.
    pub host: String,
    /// The variable, context or default that names it.
    pub named_by: NamedBy,
}

/// The origin of an engine's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedBy {
    /// `DOCKER_HOST`.
    Variable,
    /// A Docker context, by its name.
    Context(String),
    /// `bakehouse up` started it.
    SetUp,
    /// Nothing: it is where Docker listens.
    Default,
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable => f.write_str("DOCKER_HOST"),
            Self::Context(name) => write!(f, "Docker context {name}"),
            Self::SetUp => f.write_str("started by `bakehouse up`"),
            Self::Default => f.write_str("Docker's default"),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Config {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints")]
    endpoints: std::collections::HashMap<String, MetaEndpoint>,
}

#[derive(Debug, Deserialize)]
struct MetaEndpoint {
    #[serde(rename = "Host")]
    host: Option<String>,
}

/// `DOCKER_HOST`, else the context named by `DOCKER_CONTEXT` or Docker's
/// configuration, else the one that was `set_up`, else the usual socket.
///
/// # Errors
/// [`EngineError::NoContext`] if the context is unknown.
pub fn endpoint(set_up: Option<&str>) -> Result<EngineEndpoint, EngineError> {
    let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    decide(
        set("DOCKER_HOST"),
        set("DOCKER_CONTEXT"),
        set_up,
        docker_folder().as_deref(),
    )
}

fn decide(
    host: Option<String>,
    context: Option<String>,
    set_up: Option<&str>,
    folder: Option<&Path>,
) -> Result<EngineEndpoint, EngineError> {
    if let Some(host) = host {
        return Ok(EngineEndpoint {
            host,
            named_by: NamedBy::Variable,
        });
    }
    let name = context.or_else(|| {
        let text = storage::read_text(&folder?.join("config.json"), MAX_CONFIG).ok()?;
        serde_json::from_str::<Config>(&text).ok()?.current_context
    });
    let named_by = match name.filter(|name| !name.is_empty() && name != "default") {
        Some(name) => NamedBy::Context(name),
        None if set_up.is_some() => NamedBy::SetUp,
        None => NamedBy::Default,
    };
    let host = match &named_by {
        NamedBy::Context(name) => folder
            .and_then(|folder| context_host(folder, name))
            .ok_or_else(|| EngineError::NoContext(name.clone()))?,
        _ => set_up.unwrap_or(DEFAULT_HOST).to_owned(),
    };
    Ok(EngineEndpoint { host, named_by })
}

/// The CLI stores a context in a folder named by the digest of its name.
fn context_host(folder: &Path, name: &str) -> Option<String> {
    let id = hex::encode(Sha256::digest(name));
    let path = folder.join("contexts/meta").join(id).join("meta.json");
    let meta: Meta = serde_json::from_str(&storage::read_text(&path, MAX_CONFIG).ok()?).ok()?;
    meta.endpoints.get("docker")?.host.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decides_like_docker() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Some(dir.path());
        let host = |host: Option<&str>, context: Option<&str>| {
            let (host, context) = (host.map(str::to_owned), context.map(str::to_owned));
            decide(host, context, None, folder).map(|e| e.host)
        };
        let set_up = |context: Option<&str>| {
            let found = decide(None, context.map(str::to_owned), Some("unix:///up"), folder);
            found.unwrap()
        };
        assert_eq!(host(None, None).unwrap(), DEFAULT_HOST);
        assert_eq!(set_up(None).host, "unix:///up");
        assert_eq!(set_up(Some("default")).named_by, NamedBy::SetUp);
        let id = hex::encode(Sha256::digest("far"));
        let meta = dir.path().join("contexts/meta").join(id);
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::write(
            meta.join("meta.json"),
            r#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://far.test:2376","SkipTLSVerify":false}}}"#,
        )
        .unwrap();
        std::fs::write(
            dir.path().join("config.json"),
            r#"{"currentContext":"far"}"#,
        )
        .unwrap();
        assert_eq!(host(None, None).unwrap(), "tcp://far.test:2376");
        assert_eq!(host(None, Some("default")).unwrap(), DEFAULT_HOST);
        // What somebody chose comes first.
        assert_eq!(set_up(None).host, "tcp://far.test:2376");
        assert_eq!(host(Some("unix:///x"), Some("far")).unwrap(), "unix:///x");
        assert!(host(None, Some("gone")).is_err());
    }
}
