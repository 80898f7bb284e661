//! A Docker Engine of Bakehouse's own: its process, its folders, its socket.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bakehouse_builder::SetUp;
use bakehouse_builder::engine::Engine;
use bakehouse_core::storage_error::At as _;
use bakehouse_system::docker::PROXIES;
use bakehouse_system::process::RunError;
use bakehouse_system::storage;
use serde_json::json;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::apt::succeed;
use super::process::ProcessId;
use super::record::StartedEngine;
use super::{Home, UpError};

/// Longest that an engine takes to start.
const START: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);
/// Bytes of the engine's log that are read for its last line.
const LOG: u64 = 16 << 20;
/// Folders of the system's programs; a user's `PATH` may lack them.
const SYSTEM: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
const CGROUPS: &str = "/sys/fs/cgroup";

/// The engine's program.
pub(super) struct Dockerd(PathBuf);

impl Dockerd {
    /// The one that is installed, not unpacked; none where there is none.
    pub(super) fn installed() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(SYSTEM.iter().map(PathBuf::from));
        let own = Home::of_user().map(|home| home.programs());
        let folders = folders.filter(|folder| own.as_ref() != Some(folder));
        let mut files = folders.map(|folder| folder.join("dockerd"));
        files.find(|file| file.is_file()).map(Self)
    }

    /// The one that was unpacked.
    pub(super) fn unpacked(home: &Home) -> Self {
        Self(home.programs().join("dockerd"))
    }

    /// Starts it. It is to be recorded before anything else is done, so that it is
    /// found and stopped whatever happens.
    pub(super) async fn start(&self, home: &Home) -> Result<StartedEngine, UpError> {
        let run = home.run();
        storage::create(home.folder())?;
        storage::create(&run)?;
        let (socket, pid) = (run.join("docker.sock"), run.join("pid"));
        let cgroups_mounted = mount_cgroups().await?;
        let bridge_made = !Path::new("/sys/class/net/docker0").exists();
        let config = home.folder().join("daemon.json");
        let settings = json!({
            "features": { "containerd-snapshotter": true },
            "hosts": [format!("unix://{}", socket.display())],
            "data-root": home.data(),
            "exec-root": run.join("exec"),
            "pidfile": pid,
            "iptables": true,
            "ip6tables": false,
        });
        fs::write(&config, settings.to_string()).at("write", &config)?;
        let log = File::create(home.log()).at("write", &home.log())?;
        let copy = log.try_clone().at("write", &home.log())?;
        // In a session of its own: it outlives this one.
        let mut command = Command::new("setsid");
        command
            .arg(&self.0)
            .arg("--config-file")
            .arg(&config)
            .env_clear()
            .env("PATH", path(home))
            .envs(
                PROXIES
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(copy);
        let failed = |source| UpError::Run {
            program: "dockerd",
            source: RunError::Start(source),
        };
        let child = command.spawn().map_err(failed)?;
        // `setsid` becomes what it runs.
        let process = child.id().and_then(|id| ProcessId::of(id.try_into().ok()?));
        Ok(StartedEngine {
            socket,
            process: process.ok_or_else(|| UpError::start(home))?,
            bridge_made,
            cgroups_mounted,
        })
    }
}

impl UpError {
    /// An engine that did not start, with the last that it said.
    fn start(home: &Home) -> Self {
        let log = home.log();
        let said = last_line(&log);
        Self::Start { said, log }
    }
}

impl StartedEngine {
    /// Waits until it answers.
    ///
    /// # Errors
    /// [`UpError::Start`] when it ends, or does not answer in time.
    pub(super) async fn answers(&self, home: &Home) -> Result<(), UpError> {
        let set_up = SetUp {
            engine: Some(self.address()),
            ..SetUp::default()
        };
        let end = Instant::now() + START;
        loop {
            if let Ok(engine) = Engine::connect(&set_up)
                && engine.info().await.is_ok()
            {
                return Ok(());
            }
            if !self.process.is_alive() || Instant::now() > end {
                return Err(UpError::start(home));
            }
            sleep(PAUSE).await;
        }
    }

    /// Ends it, and takes back what it needed.
    pub(super) async fn stop(&self, home: &Home) {
        self.process.end().await;
        // It outlives an engine that was killed, and keeps the next from its files.
        let run = home.run();
        let containerd = pid_in(&run.join("exec/containerd/containerd.pid"));
        if let Some(containerd) = containerd.filter(|process| process.is_about(&run)) {
            containerd.end().await;
        }
        // What is gone already is as it should be.
        if self.bridge_made {
            let mut command = Command::new("ip");
            command.args(["link", "delete", "docker0"]);
            let _ = succeed("ip", command).await;
        }
        if self.cgroups_mounted {
            let mut command = Command::new("umount");
            command.arg(CGROUPS);
            let _ = succeed("umount", command).await;
        }
        let _ = storage::remove_all(&run);
    }
}

/// The process whose number is in a file.
fn pid_in(file: &Path) -> Option<ProcessId> {
    let text = fs::read_to_string(file).ok()?;
    ProcessId::of(text.trim().parse().ok()?)
}

/// `PATH` of the engine: what was unpacked, then the machine's.
fn path(home: &Home) -> OsString {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(home.programs())
        .chain(std::env::split_paths(&own))
        .chain(SYSTEM.iter().map(PathBuf::from));
    std::env::join_paths(folders).unwrap_or(own)
}

/// Mounts control groups, where nobody did; says whether it had to.
async fn mount_cgroups() -> Result<bool, UpError> {
    let mounts = storage::read_text(Path::new("/proc/mounts"), LOG).unwrap_or_default();
    let of = |line: &str| line.split_whitespace().nth(1) == Some(CGROUPS);
    if mounts.lines().any(of) {
        return Ok(false);
    }
    let mut command = Command::new("mount");
    command.args(["-t", "cgroup2", "cgroup2", CGROUPS]);
    succeed("mount", command).await?;
    Ok(true)
}

fn last_line(log: &Path) -> String {
    let text = storage::read_text(log, LOG).unwrap_or_default();
    let mut lines = text.lines().rev().map(str::trim);
    let last = lines.find(|line| !line.is_empty());
    last.unwrap_or("nothing is in its log").to_owned()
}
