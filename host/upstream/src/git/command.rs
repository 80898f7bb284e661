//! The `git` program, blind to where and for whom it runs.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use bakehouse_core::mirrors::Mirrors;
use bakehouse_system::docker::PROXIES;
use bakehouse_system::process::{RunError, located, run};
use tokio::process::Command;

use super::Address;
use super::error::{GitError, explain};

/// Passed on when set: finding programs, reaching upstream.
const ALLOWED: &[&str] = &["PATH", "TMPDIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"];

/// No configuration, credentials or prompts; messages that [`explain`] reads.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("HOME", "/nonexistent"),
    ("XDG_CONFIG_HOME", "/nonexistent"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("LC_ALL", "C"),
    ("TZ", "UTC"),
];

/// The settings that keep git from what it must not do, whatever a repository says.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.autocrlf=false",
    "credential.helper=",
    "http.followRedirects=false",
    // A connection that says nothing for a minute is dead.
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
    "protocol.version=2",
    "fetch.recurseSubmodules=false",
    "fetch.fsckObjects=true",
    // Written by ancient versions of git, and harmless.
    "fetch.fsck.zeroPaddedFilemode=ignore",
    // Keeps packs as they came.
    "fetch.unpackLimit=1",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
];

/// Lines of what git says that are kept.
const MAX_LINES: usize = 200;

/// Runs git for one repository.
#[derive(Debug, Clone)]
pub(super) struct Git<'a> {
    pub(super) address: &'a Address,
    pub(super) mirrors: &'a Mirrors,
    pub(super) limit: Duration,
}

impl Git<'_> {
    /// A command without its arguments.
    pub(super) fn command(&self) -> Command {
        let path = std::env::var_os("PATH");
        let mut command = Command::new(located(OsStr::new("git"), path.as_deref()));
        command.env_clear();
        for name in ALLOWED.iter().chain(PROXIES) {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // What other programs read where git has a variable of its own.
        if std::env::var_os("GIT_SSL_CAINFO").is_none()
            && let Some(bundle) = std::env::var_os("SSL_CERT_FILE")
        {
            command.env("GIT_SSL_CAINFO", bundle);
        }
        command.envs(ENVIRONMENT.iter().copied());
        let there = self.mirrors.url(self.address.url());
        command.env("GIT_ALLOW_PROTOCOL", there.scheme());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        for mirror in self.mirrors.urls() {
            let setting = format!("url.{}.insteadOf={}", mirror.to, mirror.from);
            command.args(["-c", &setting]);
        }
        command
    }

    /// A command on a repository's folder.
    pub(super) fn command_in(&self, folder: &Path) -> Command {
        let mut command = self.command();
        command.arg("--git-dir").arg(folder);
        command
    }

    /// Runs a command with these arguments, and answers what it prints.
    pub(super) async fn run<S: AsRef<OsStr>>(
        &self,
        mut command: Command,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<String, GitError> {
        command.args(arguments);
        let mut said = VecDeque::new();
        let ended = run(command, None, self.limit, |line| {
            said.push_back(
                bakehouse_system::terminal::last_seen(line)
                    .trim()
                    .to_owned(),
            );
            // Upstream's host may talk without end; the last words tell why.
            if said.len() > MAX_LINES {
                said.pop_front();
            }
        })
        .await;
        let said = Vec::from(said);
        match ended {
            Ok(ended) if ended.status.success() => Ok(ended.stdout),
            Ok(_) => Err(explain(self.address, &said)),
            Err(RunError::Start(error)) => Err(GitError::Start(error)),
            Err(error) => Err(explain(self.address, &[format!("git {error}")])),
        }
    }
}
