//! Trial runs: does the published image start on its platform?

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;
use bollard::auth::DockerCredentials;
use bollard::container::LogOutput;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, CreateImageOptionsBuilder, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions, WaitContainerOptions,
};
use futures_util::{StreamExt as _, TryStreamExt as _};
use oci_client::secrets::RegistryAuth;

use super::connect::{Engine, unreachable};
use crate::error::{ExitCode, Failure};
use crate::platform::Platform;

/// Longest time for one run, image pull not counted.
const RUN_TIMEOUT: Duration = Duration::from_secs(120);
/// Memory of the container, in bytes.
const MEMORY: i64 = 1 << 30;
/// Processes in the container.
const PIDS: i64 = 256;

/// How a trial run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmokeResult {
    /// The container's exit code.
    pub exit_code: i64,
    /// What it printed, both streams as they came.
    pub output: String,
}

impl Engine {
    /// Pulls one platform of a reference by digest and runs it once: no network,
    /// bounded memory, processes and time. The container is removed in any case.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Builder`] when the engine cannot pull or
    /// run it, with a hint about emulation where that is the cause.
    pub async fn smoke(
        &self,
        reference: &str,
        platform: &Platform,
        arguments: &[String],
        auth: &RegistryAuth,
    ) -> Result<SmokeResult> {
        self.pull(reference, platform, auth).await?;
        let options = CreateContainerOptionsBuilder::new()
            .platform(&platform.to_string())
            .build();
        let body = ContainerCreateBody {
            image: Some(reference.to_owned()),
            cmd: Some(arguments.to_vec()),
            labels: Some(HashMap::from([(
                "bakehouse".to_owned(),
                "smoke".to_owned(),
            )])),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                memory: Some(MEMORY),
                pids_limit: Some(PIDS),
                cap_drop: Some(vec!["ALL".to_owned()]),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let id = self
            .docker
            .create_container(Some(options), body)
            .await
            .map_err(|error| failed("create a container of", reference, platform, &error))?
            .id;
        let run = tokio::time::timeout(RUN_TIMEOUT, self.run(&id, reference, platform)).await;
        let remove = RemoveContainerOptionsBuilder::new()
            .force(true)
            .v(true)
            .build();
        if let Err(error) = self.docker.remove_container(&id, Some(remove)).await {
            tracing::warn!("container {id} could not be removed: {error}");
        }
        run.unwrap_or_else(|_| {
            Err(Failure::new(
                ExitCode::Builder,
                format!(
                    "{reference} for {platform} still ran after {} s",
                    RUN_TIMEOUT.as_secs()
                ),
            )
            .hint("give a command that ends by itself, such as --version")
            .into())
        })
    }

    async fn pull(&self, reference: &str, platform: &Platform, auth: &RegistryAuth) -> Result<()> {
        let options = CreateImageOptionsBuilder::new()
            .from_image(reference)
            .platform(&platform.to_string())
            .build();
        let credentials = match auth {
            RegistryAuth::Basic(user, password) => Some(DockerCredentials {
                username: Some(user.clone()),
                password: Some(password.clone()),
                ..DockerCredentials::default()
            }),
            RegistryAuth::Bearer(token) => Some(DockerCredentials {
                identitytoken: Some(token.clone()),
                ..DockerCredentials::default()
            }),
            RegistryAuth::Anonymous => None,
        };
        self.docker
            .create_image(Some(options), None, credentials)
            .try_for_each(|_| async { Ok(()) })
            .await
            .map_err(|error| failed("pull", reference, platform, &error).into())
    }

    async fn run(&self, id: &str, reference: &str, platform: &Platform) -> Result<SmokeResult> {
        let failed = |error| failed("run", reference, platform, &error);
        self.docker
            .start_container(id, None::<StartContainerOptions>)
            .await
            .map_err(failed)?;
        let mut waits = self.docker.wait_container(id, None::<WaitContainerOptions>);
        let exit_code = match waits.next().await {
            Some(Ok(answer)) => answer.status_code,
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => code,
            Some(Err(error)) => return Err(failed(error).into()),
            None => -1,
        };
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
        let logs: Vec<LogOutput> = self
            .docker
            .logs(id, Some(options))
            .try_collect()
            .await
            .map_err(failed)?;
        let output: String = logs.iter().map(ToString::to_string).collect();
        if output.contains("exec format error") {
            return Err(no_emulator(reference, platform).into());
        }
        Ok(SmokeResult { exit_code, output })
    }
}

fn failed(
    what: &str,
    reference: &str,
    platform: &Platform,
    error: &bollard::errors::Error,
) -> Failure {
    let text = error.to_string();
    if text.contains("exec format error") {
        return no_emulator(reference, platform);
    }
    match error {
        bollard::errors::Error::DockerResponseServerError { .. }
        | bollard::errors::Error::DockerStreamError { .. } => Failure::new(
            ExitCode::Builder,
            format!("the engine cannot {what} {reference} for {platform}: {text}"),
        )
        .hint("check that the engine reaches the registry, and that the platform is in the index"),
        _ => unreachable(error),
    }
}

fn no_emulator(reference: &str, platform: &Platform) -> Failure {
    Failure::new(
        ExitCode::Builder,
        format!("this machine cannot run {reference} for {platform}"),
    )
    .hint("run ./justw up, which registers QEMU, or run it on a machine of that platform")
}
