//! A connection to the Docker Engine.

use std::time::Duration;

use anyhow::Context as _;
use bakehouse_core::error::{ExitCode, Failure};
use bollard::Docker;

use super::endpoint::{Endpoint, endpoint};

const LIMIT: Duration = Duration::from_secs(15);

/// What an engine says about itself.
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
    pub(crate) endpoint: Endpoint,
}

impl Engine {
    /// Connects as Docker's own CLI does: `DOCKER_HOST`, the current context,
    /// the usual socket. Nothing is sent yet.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Builder`].
    pub fn connect() -> anyhow::Result<Self> {
        let endpoint = endpoint()?;
        let docker = open(&endpoint.host).with_context(|| unreachable(&endpoint))?;
        Ok(Self { docker, endpoint })
    }

    /// Where it listens.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Asks the engine about itself.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Builder`] if it does not answer.
    pub async fn info(&self) -> anyhow::Result<EngineInfo> {
        let info = tokio::time::timeout(LIMIT, self.docker.info())
            .await
            .map_err(|_| anyhow::anyhow!("no answer for {} s", LIMIT.as_secs()))
            .and_then(|answer| answer.map_err(Into::into))
            .with_context(|| unreachable(&self.endpoint))?;
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

fn unreachable(endpoint: &Endpoint) -> Failure {
    Failure::new(
        ExitCode::Builder,
        format!(
            "no Docker Engine answers at {} ({})",
            endpoint.host, endpoint.source
        ),
    )
    .hint("run `./justw up` for a private one, start Docker, or set DOCKER_HOST")
}
