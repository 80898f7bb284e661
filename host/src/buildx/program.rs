//! The `docker-buildx` program.

use std::ffi::OsString;
use std::process::Stdio;

use tokio::process::Command;

use crate::error::{ExitCode, Failure};

/// Variables that the child gets; everything else of our environment, secrets
/// of a CI job above all, stays out of it.
const ENVIRONMENT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
    "BUILDX_CONFIG",
    "KUBECONFIG",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// How buildx is started: as `docker-buildx`, or as docker's plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program(Vec<OsString>);

impl Program {
    /// Finds buildx on `PATH`.
    pub(super) async fn find() -> Result<Self, Failure> {
        for words in [&["docker-buildx"][..], &["docker", "buildx"]] {
            let program = Self(words.iter().map(OsString::from).collect());
            let mut version = program.command();
            version
                .arg("version")
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            if version.status().await.is_ok_and(|status| status.success()) {
                return Ok(program);
            }
        }
        Err(Failure::new(
            ExitCode::Builder,
            "there is no buildx: neither `docker-buildx` nor `docker buildx` runs",
        )
        .hint("run ./justw up, which sets up a private Docker Engine with buildx, or install docker-buildx"))
    }

    /// A command that ends with us and has a group of its own, so that its
    /// children end with it.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.0[0]);
        command
            .args(&self.0[1..])
            .env_clear()
            .envs(
                ENVIRONMENT
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}
