//! Finding the engine and asking what it is.

use anyhow::Result;
use bollard::Docker;

use crate::error::{ExitCode, Failure};

/// A Docker Engine.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) docker: Docker,
}

impl Engine {
    /// The engine that `DOCKER_HOST` names, or the machine's own.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Builder`] when the address is malformed.
    pub fn connect() -> Result<Self> {
        let docker = Docker::connect_with_defaults().map_err(|error| unreachable(&error))?;
        Ok(Self { docker })
    }

    /// Whether images are kept in containerd's store, which multi-platform
    /// images and OCI export need.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Builder`] when no engine answers.
    pub async fn has_containerd_store(&self) -> Result<bool> {
        let info = self
            .docker
            .info()
            .await
            .map_err(|error| unreachable(&error))?;
        let facts = info.driver_status.unwrap_or_default();
        Ok(facts
            .iter()
            .flatten()
            .any(|fact| fact == "io.containerd.snapshotter.v1"))
    }
}

pub(super) fn unreachable(error: &bollard::errors::Error) -> Failure {
    Failure::new(
        ExitCode::Builder,
        format!("no Docker Engine answers: {error}"),
    )
    .hint("run ./justw up for a private one, start Docker, or set DOCKER_HOST")
}
