//! Runs an image once, without network and with limits.

use std::time::Duration;

use bakehouse_core::platform::Platform;
use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptions, CreateImageOptions, LogsOptions, RemoveContainerOptions,
    StartContainerOptions, WaitContainerOptions,
};
use futures_util::StreamExt as _;

use super::SmokeError;
use super::connection::{Engine, open};
use super::said::{Meaning, meaning, said};
use crate::output::classify::{is_exec_format, not_started};

const MEMORY: i64 = 1 << 30;
const PROCESSES: i64 = 256;
const MAX_OUTPUT: usize = 1 << 20;
const REMOVE_LIMIT: Duration = Duration::from_secs(15);

/// A user of a registry. Never logged.
#[derive(Clone)]
pub struct PullCredentials {
    /// User name.
    pub username: String,
    /// Password or token.
    pub password: String,
}

/// One run.
#[derive(Debug, Clone)]
pub struct Smoke<'a> {
    /// By tag or by digest, of an image or an index.
    pub reference: &'a str,
    /// The platform of the index's image that runs.
    pub platform: &'a Platform,
    /// Arguments, as after `docker run IMAGE`; none: the image's own.
    pub argv: &'a [String],
    /// The engine has it already, and pulls nothing.
    pub present: bool,
    /// For pulling from a private registry.
    pub credentials: Option<&'a PullCredentials>,
    /// For pulling and running together.
    pub limit: Duration,
}

/// The output of a run, and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmokeResult {
    /// The process's exit code.
    pub exit_code: i64,
    /// The first MiB of its output.
    pub stdout: String,
    /// The first MiB of its error output.
    pub stderr: String,
}

impl Engine {
    /// Pulls an image for one platform and runs it once, without network. The
    /// container is removed however this ends.
    ///
    /// # Errors
    /// If there is no such image for the platform, the platform cannot run here,
    /// the engine went away, or the run took too long.
    pub async fn smoke(&self, smoke: Smoke<'_>) -> Result<SmokeResult, SmokeError> {
        match tokio::time::timeout(smoke.limit, self.pull_and_run(&smoke)).await {
            Ok(done) => done,
            Err(_) => Err(SmokeError::Timeout {
                reference: smoke.reference.to_owned(),
                platform: smoke.platform.clone(),
                limit: smoke.limit,
            }),
        }
    }

    async fn pull_and_run(&self, smoke: &Smoke<'_>) -> Result<SmokeResult, SmokeError> {
        if !smoke.present {
            let pulled = self.pull(smoke).await;
            pulled.map_err(|e| explain(&e, smoke, "pulling"))?;
        }
        let container = self
            .create(smoke)
            .await
            .map_err(|e| explain(&e, smoke, "creating a container of"))?;
        let result = self
            .run(&container.id)
            .await
            .map_err(|e| explain(&e, smoke, "running"));
        container.remove(&self.docker).await;
        let result = result?;
        if result.exit_code != 0 && is_exec_format(&result.stderr) {
            return Err(SmokeError::ExecFormat(smoke.platform.clone()));
        }
        if result.exit_code != 0
            && result.stdout.is_empty()
            && let Some(said) = not_started(&result.stderr)
        {
            return Err(SmokeError::NotStarted {
                reference: smoke.reference.to_owned(),
                platform: smoke.platform.clone(),
                said: said.to_owned(),
            });
        }
        Ok(result)
    }

    async fn pull(&self, smoke: &Smoke<'_>) -> Result<(), Error> {
        let options = CreateImageOptions {
            from_image: Some(smoke.reference.to_owned()),
            platform: smoke.platform.to_string(),
            ..Default::default()
        };
        let credentials = smoke.credentials.map(|user| DockerCredentials {
            username: Some(user.username.clone()),
            password: Some(user.password.clone()),
            ..Default::default()
        });
        let mut steps = Box::pin(self.docker.create_image(Some(options), None, credentials));
        while let Some(step) = steps.next().await {
            step?;
        }
        Ok(())
    }

    async fn create(&self, smoke: &Smoke<'_>) -> Result<Container, Error> {
        let body = ContainerCreateBody {
            image: Some(smoke.reference.to_owned()),
            cmd: (!smoke.argv.is_empty()).then(|| smoke.argv.to_vec()),
            network_disabled: Some(true),
            labels: Some([("bakehouse.smoke".to_owned(), String::new())].into()),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                memory: Some(MEMORY),
                memory_swap: Some(MEMORY),
                pids_limit: Some(PROCESSES),
                security_opt: Some(vec!["no-new-privileges".to_owned()]),
                ..Default::default()
            }),
            ..Default::default()
        };
        let options = CreateContainerOptions {
            platform: smoke.platform.to_string(),
            ..Default::default()
        };
        let created = self.docker.create_container(Some(options), body).await?;
        Ok(Container {
            id: created.id,
            host: self.endpoint.host.clone(),
            present: true,
        })
    }

    async fn run(&self, id: &str) -> Result<SmokeResult, Error> {
        self.docker
            .start_container(id, None::<StartContainerOptions>)
            .await?;
        let options = LogsOptions {
            follow: true,
            stdout: true,
            stderr: true,
            ..Default::default()
        };
        let mut logs = Box::pin(self.docker.logs(id, Some(options)));
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        while let Some(log) = logs.next().await {
            let (into, message) = match log? {
                LogOutput::StdErr { message } => (&mut stderr, message),
                LogOutput::StdOut { message } | LogOutput::Console { message } => {
                    (&mut stdout, message)
                }
                LogOutput::StdIn { .. } => continue,
            };
            let room = MAX_OUTPUT.saturating_sub(into.len()).min(message.len());
            into.extend_from_slice(message.get(..room).unwrap_or_default());
        }
        let mut waits = Box::pin(self.docker.wait_container(id, None::<WaitContainerOptions>));
        let exit_code = match waits.next().await {
            Some(Ok(end)) => end.status_code,
            // How bollard says that the process failed.
            Some(Err(Error::DockerContainerWaitError { code, .. })) => code,
            Some(Err(e)) => return Err(e),
            None => 0,
        };
        Ok(SmokeResult {
            exit_code,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        })
    }
}

/// A container that is removed even if its run is cancelled.
struct Container {
    id: String,
    host: String,
    present: bool,
}

impl Container {
    async fn remove(mut self, docker: &Docker) {
        let removal = remove(docker, &self.id);
        if let Ok(Ok(())) = tokio::time::timeout(REMOVE_LIMIT, removal).await {
            self.present = false;
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if self.present {
            let id = self.id.clone();
            finish(&self.host, "a smoke run's container", async move |docker| {
                remove(&docker, &id).await
            });
        }
    }
}

/// Does away with something in the engine at `host`, whatever else is at an end.
pub(super) fn finish<F>(host: &str, what: &str, act: F)
where
    F: AsyncFnOnce(Docker) -> Result<(), Error> + Send + 'static,
{
    let host = host.to_owned();
    // The runtime may be shutting down, so this takes one of its own.
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let docker = open(&host)?;
            tokio::time::timeout(REMOVE_LIMIT, act(docker)).await??;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        })
    });
    if !matches!(thread.join(), Ok(Ok(()))) {
        tracing::warn!("{what} was left behind in the engine");
    }
}

async fn remove(docker: &Docker, id: &str) -> Result<(), Error> {
    let options = RemoveContainerOptions {
        force: true,
        v: true,
        ..Default::default()
    };
    docker.remove_container(id, Some(options)).await
}

/// The error of a run that an engine's error means.
fn explain(error: &Error, smoke: &Smoke<'_>, doing: &str) -> SmokeError {
    let what = format!("{doing} {} for {}", smoke.reference, smoke.platform);
    let said = said(error);
    match meaning(error) {
        Meaning::ExecFormat => SmokeError::ExecFormat(smoke.platform.clone()),
        Meaning::Refused => SmokeError::Credentials { what, said },
        Meaning::Absent => SmokeError::NotFound { what, said },
        Meaning::Failed => SmokeError::Engine { what, said },
    }
}

impl std::fmt::Debug for PullCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PullCredentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}
