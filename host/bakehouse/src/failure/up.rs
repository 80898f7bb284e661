//! Exit codes and hints of setting a machine up.

use super::{ExitCode, Explanation, builder, core};
use crate::up::{Emulator, Missing, UpError};

/// Docker's page about its installation.
const INSTALL: &str = "https://docs.docker.com/engine/install";

pub(super) fn up(error: &UpError) -> Explanation {
    let explained = Explanation::new(ExitCode::Builder);
    let hint = match error {
        UpError::Engine(error) => return builder::engine(error),
        UpError::Storage(error) => return core::storage(error),
        UpError::Home => {
            return Explanation::new(ExitCode::Config)
                .hint("set HOME, or BAKEHOUSE_HOME to a folder");
        }
        UpError::Root(Missing::Emulation(_)) => {
            format!(
                "run `bakehouse up` as root, or where Docker runs: {}",
                binfmt(error)
            )
        }
        UpError::Root(_) => "run `bakehouse up` as root, or start Docker".to_owned(),
        UpError::System(Missing::Emulation(_)) => {
            format!(
                "install qemu-user-static, or where Docker runs: {}",
                binfmt(error)
            )
        }
        UpError::System(Missing::Engine) => {
            format!("install Docker and start it: {INSTALL}; or set DOCKER_HOST to one elsewhere")
        }
        UpError::System(Missing::Buildx) => {
            format!("install Docker's buildx plugin: {INSTALL}; or put docker-buildx on PATH")
        }
        UpError::Access(_) => {
            "run `sudo usermod -aG docker $USER` and log in again, or run this as root".to_owned()
        }
        UpError::Stopped => "run `systemctl enable --now docker`".to_owned(),
        UpError::Mirror => {
            format!("add Debian's archive to /etc/apt/sources.list.d, or install Docker: {INSTALL}")
        }
        UpError::Program { .. } | UpError::Run { .. } => {
            format!("mend what it says, or install Docker: {INSTALL}")
        }
        UpError::Start { log, .. } => format!(
            "see {}; in a container it takes `--privileged`",
            log.display()
        ),
        UpError::NoEmulator(_) => "use a builder node of that platform".to_owned(),
    };
    explained.hint(hint)
}

/// The command that registers what is missing, by Docker alone.
fn binfmt(error: &UpError) -> String {
    let platforms = match error {
        UpError::Root(Missing::Emulation(platforms))
        | UpError::System(Missing::Emulation(platforms)) => platforms.as_slice(),
        _ => &[],
    };
    let names: Vec<_> = platforms
        .iter()
        .filter_map(Emulator::of)
        .map(|emulator| emulator.architecture)
        .collect();
    let names = names.join(",");
    format!("docker run --privileged --rm tonistiigi/binfmt --install {names}")
}
