//! A connection to the Docker Engine.

use std::time::Duration;

use bollard::Docker;

use super::EngineError;
use super::endpoint::{EngineEndpoint, endpoint};
use crate::set_up::SetUp;

const LIMIT: Duration = Duration::from_secs(15);

/// The engine's account of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// Its version.
    pub version: String,
    /// Its own architecture, as OCI names it where known.
    pub architecture: String,
    /// Images live in containerd's store, which holds several platforms under
    /// one name and exports OCI layouts.
    pub containerd_image_store: bool,
}

/// A connection to the Docker Engine.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) docker: Docker,
    pub(crate) endpoint: EngineEndpoint,
}

impl Engine {
    /// Connects as Docker's own CLI does: `DOCKER_HOST`, the current context,
    /// the usual socket; before that one, to the engine that was set up. Nothing is
    /// sent yet.
    ///
    /// # Errors
    /// If the context that is asked for is unknown, or the address is none.
    pub fn connect(set_up: &SetUp) -> Result<Self, EngineError> {
        let endpoint = endpoint(set_up.engine.as_deref())?;
        match open(&endpoint.host) {
            Ok(docker) => Ok(Self { docker, endpoint }),
            Err(source) => Err(unreachable(&endpoint, source)),
        }
    }

    /// The address at which it listens.
    #[must_use]
    pub const fn endpoint(&self) -> &EngineEndpoint {
        &self.endpoint
    }

    /// Asks the engine about itself.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn info(&self) -> Result<EngineInfo, EngineError> {
        let answer = tokio::time::timeout(LIMIT, self.docker.info());
        let answer = answer.await.map_err(|_| EngineError::Silent {
            host: self.endpoint.host.clone(),
            named_by: self.endpoint.named_by.clone(),
            limit: LIMIT,
        })?;
        let info = answer.map_err(|source| unreachable(&self.endpoint, source))?;
        let architecture = match info.architecture.as_deref() {
            Some("x86_64") => "amd64",
            Some("aarch64") => "arm64",
            Some(other) => other,
            None => "unknown",
        };
        let status = info.driver_status.unwrap_or_default();
        Ok(EngineInfo {
            version: info.server_version.unwrap_or_default(),
            architecture: architecture.to_owned(),
            containerd_image_store: status
                .iter()
                .flatten()
                .any(|text| text.starts_with("io.containerd.snapshotter")),
        })
    }
}

/// Opens a connection lazily.
pub(crate) fn open(host: &str) -> Result<Docker, bollard::errors::Error> {
    Docker::connect_with_host(host)
}

fn unreachable(endpoint: &EngineEndpoint, source: bollard::errors::Error) -> EngineError {
    EngineError::Unreachable {
        host: endpoint.host.clone(),
        named_by: endpoint.named_by.clone(),
        source,
    }
}
