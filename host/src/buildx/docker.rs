//! The builder behind the `docker-buildx` program.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::OnceCell;

use super::builder::{BuildRequest, Builder, Built, Capabilities, Output};
use super::command::invocation;
use super::program::Program;
use super::rawjson::Follower;
use super::{inspect, metadata};
use crate::engine::Engine;
use crate::error::{ExitCode, Failure};
use crate::progress::Reporter;
use crate::recipe::CallError;

/// Longest time for one build.
const BUILD_TIMEOUT: Duration = Duration::from_secs(2 * 60 * 60);
/// Longest time for `buildx inspect --bootstrap`, which may start a container.
const INSPECT_TIMEOUT: Duration = Duration::from_secs(120);

/// A buildx builder, by name; none is buildx's current one.
pub struct Buildx {
    name: Option<String>,
    reporter: Arc<dyn Reporter>,
    found: OnceCell<(Program, Capabilities)>,
}

impl Buildx {
    /// Nothing is started before it is needed.
    #[must_use]
    pub fn new(name: Option<String>, reporter: Arc<dyn Reporter>) -> Self {
        Self {
            name,
            reporter,
            found: OnceCell::new(),
        }
    }

    async fn find(&self) -> Result<(Program, Capabilities)> {
        let program = Program::find().await?;
        let mut command = program.command();
        command.args(["inspect", "--bootstrap"]).args(&self.name);
        let named = self.name.as_deref().unwrap_or("the default builder");
        let unusable = |why: &str| {
            Failure::new(ExitCode::Builder, format!("{named} cannot be used: {why}")).hint(
                "run ./justw up for a private Docker Engine, start Docker, or pass --builder NAME (see `docker buildx ls`)",
            )
        };
        let output = tokio::time::timeout(INSPECT_TIMEOUT, command.output())
            .await
            .map_err(|_| unusable("it does not answer"))??;
        let inspected = inspect::parse(&String::from_utf8_lossy(&output.stdout));
        if !output.status.success() || !inspected.running {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let last = stderr.lines().rfind(|line| !line.trim().is_empty());
            let why = inspected
                .error
                .as_deref()
                .or(last)
                .unwrap_or("it is not running");
            return Err(unusable(why.trim_start_matches("ERROR: ")).into());
        }
        let docker = inspected.driver == "docker";
        let oci_export = if docker {
            Engine::connect()?.has_containerd_store().await?
        } else {
            true
        };
        let capabilities = Capabilities {
            name: inspected.name,
            push_by_digest: !docker,
            oci_export,
            driver: inspected.driver,
            buildkit: inspected.buildkit,
            platforms: inspected.platforms,
        };
        if !capabilities.push_by_digest && !capabilities.oci_export {
            return Err(Failure::new(
                ExitCode::Builder,
                format!(
                    "builder {} can neither push by digest nor export OCI layouts",
                    capabilities.name
                ),
            )
            .hint("turn on Docker's containerd image store, or: docker buildx create --use --driver-opt network=host")
            .into());
        }
        Ok((program, capabilities))
    }

    async fn found(&self) -> Result<&(Program, Capabilities)> {
        self.found.get_or_try_init(|| self.find()).await
    }
}

#[async_trait]
impl Builder for Buildx {
    async fn capabilities(&self) -> Result<Capabilities> {
        Ok(self.found().await?.1.clone())
    }

    async fn build(&self, request: &BuildRequest) -> Result<Built, CallError> {
        let (program, capabilities) = self
            .found()
            .await
            .map_err(|error| CallError::Unavailable(error.to_string()))?;
        let scratch = tempfile::tempdir().map_err(|error| other(&error))?;
        let metadata_file = scratch.path().join("metadata.json");
        let invocation = invocation(&capabilities.name, request, &metadata_file)?;
        if let Output::Files(folder) = &request.output {
            tokio::fs::create_dir_all(folder)
                .await
                .map_err(|error| other(&error))?;
        }
        let started = Instant::now();
        let run = self.run(program, &invocation.arguments, invocation.stdin, request);
        let follower = tokio::time::timeout(BUILD_TIMEOUT, run)
            .await
            .map_err(|_| {
                CallError::Timeout(format!(
                    "the build took longer than {} s",
                    BUILD_TIMEOUT.as_secs()
                ))
            })??;
        let descriptor = match request.output {
            Output::Files(_) => None,
            _ => Some(descriptor(&metadata_file)?),
        };
        let (steps, cached) = follower.counts();
        Ok(Built {
            descriptor,
            steps,
            cached,
            elapsed: started.elapsed(),
        })
    }
}

impl Buildx {
    async fn run(
        &self,
        program: &Program,
        arguments: &[String],
        stdin: Option<String>,
        request: &BuildRequest,
    ) -> Result<Follower, CallError> {
        tracing::debug!(target = %request.target, ?arguments, "buildx");
        let mut child = program
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| CallError::Unavailable(format!("cannot start buildx: {error}")))?;
        if let (Some(text), Some(mut pipe)) = (stdin, child.stdin.take()) {
            // A child that ends early is told below, by its exit.
            let _ = pipe.write_all(text.as_bytes()).await;
        }
        let mut follower = Follower::default();
        if let Some(stderr) = child.stderr.take() {
            let mut lines = BufReader::new(stderr).split(b'\n');
            while let Some(line) = lines.next_segment().await.map_err(|error| other(&error))? {
                let line = String::from_utf8_lossy(&line);
                follower.line(&line, &request.target, self.reporter.as_ref());
            }
        }
        let status = child.wait().await.map_err(|error| other(&error))?;
        if status.success() {
            return Ok(follower);
        }
        if let Some(step) = follower.failed_step() {
            return Err(CallError::BuildFailed(step));
        }
        let said = follower
            .other()
            .next()
            .unwrap_or("buildx said nothing")
            .to_owned();
        let gone = [
            "connection refused",
            "error reading from server",
            "Cannot connect to the Docker daemon",
            "code = Unavailable",
        ];
        if gone.iter().any(|sign| said.contains(sign)) {
            return Err(CallError::Unavailable(format!(
                "the builder went away: {said}"
            )));
        }
        Err(CallError::BuildFailed(said))
    }
}

fn descriptor(metadata_file: &Path) -> Result<oci_spec::image::Descriptor, CallError> {
    metadata::read(metadata_file)
        .map_err(|error| CallError::Other(format!("{error:#}")))?
        .ok_or_else(|| CallError::Other("buildx named no image digest".to_owned()))
}

fn other(error: &std::io::Error) -> CallError {
    CallError::Other(format!("cannot run buildx: {error}"))
}
