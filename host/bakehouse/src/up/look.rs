//! A look at a machine, before anything is done about it.

use std::path::{Path, PathBuf};

use bakehouse_builder::engine::{
    Engine, EngineEndpoint, EngineError, EngineInfo, NamedBy, endpoint,
};
use bakehouse_builder::{ChildEnv, Program, ProgramError, SetUp};
use bakehouse_core::platform::Platform;
use bakehouse_system::storage;
use rustix::fs::Access;
use rustix::process::geteuid;

use super::Emulator;
use super::engine::Dockerd;

/// Bytes of `/etc/os-release`.
const RELEASE: u64 = 1 << 16;

/// The machine as it is.
#[derive(Debug)]
pub struct Found {
    /// The engine, where one answers.
    pub engine: Result<EngineInfo, EngineError>,
    /// The address at which an engine is looked for.
    pub endpoint: Option<EngineEndpoint>,
    /// An engine's socket that this user may not use.
    pub forbidden: Option<PathBuf>,
    /// buildx.
    pub buildx: Result<Program, ProgramError>,
    /// Platforms that are wanted.
    pub platforms: Vec<Platform>,
    /// Those of them whose programs the kernel does not run.
    pub foreign: Vec<Platform>,
    /// This user is root.
    pub root: bool,
    /// Debian's packages can be had.
    pub debian: bool,
    /// A `dockerd` is installed.
    pub dockerd: bool,
    /// The system starts services by systemd.
    pub systemd: bool,
}

/// Finds out what this machine has.
pub async fn look(set_up: &SetUp, platforms: &[Platform]) -> Found {
    let env = ChildEnv {
        set_up: set_up.clone(),
        ..ChildEnv::default()
    };
    let endpoint = endpoint(set_up.engine.as_deref()).ok();
    let engine = async { Engine::connect(set_up)?.info().await };
    let (engine, buildx) = tokio::join!(engine, Program::find(&env));
    Found {
        engine,
        forbidden: endpoint.as_ref().and_then(forbidden),
        endpoint,
        buildx,
        foreign: foreign(platforms),
        platforms: platforms.to_vec(),
        root: geteuid().is_root(),
        debian: is_debian(),
        dockerd: Dockerd::installed().is_some(),
        systemd: Path::new("/run/systemd/system").is_dir(),
    }
}

impl Found {
    /// The engine is on this machine, and runs programs by its kernel: one
    /// of a context may be in a machine of its own.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.endpoint.as_ref().is_none_or(|endpoint| {
            endpoint.host.starts_with("unix://")
                && !matches!(endpoint.named_by, NamedBy::Context(_))
        })
    }
}

/// Platforms whose programs the kernel does not run.
fn foreign(platforms: &[Platform]) -> Vec<Platform> {
    let native = Platform::native();
    let emulated =
        |platform: &Platform| Emulator::of(platform).is_some_and(Emulator::is_registered);
    let foreign = platforms
        .iter()
        .filter(|platform| !platform.runs_on(&native) && !emulated(platform));
    foreign.cloned().collect()
}

/// The socket of an endpoint, where it is there and not this user's to use.
fn forbidden(endpoint: &EngineEndpoint) -> Option<PathBuf> {
    let path = Path::new(endpoint.host.strip_prefix("unix://")?);
    let allowed = rustix::fs::access(path, Access::WRITE_OK);
    (allowed == Err(rustix::io::Errno::ACCESS)).then(|| path.to_owned())
}

fn is_debian() -> bool {
    let text = storage::read_text(Path::new("/etc/os-release"), RELEASE).unwrap_or_default();
    text.lines().any(|line| line == "ID=debian")
}
