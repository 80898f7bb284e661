//! Errors of setting a machine up.

use std::fmt;
use std::path::PathBuf;

use bakehouse_builder::engine::EngineError;
use bakehouse_core::platform::Platform;
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::process::RunError;

/// A reason that something is not set up.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// It takes root.
    #[error("there is no {0}, and setting it up takes root")]
    Root(Missing),
    /// It would be taken from Debian's packages.
    #[error("there is no {0}, and Bakehouse sets it up on Debian alone")]
    System(Missing),
    /// The engine that somebody chose does not answer, or there is none to choose.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine's socket is not this user's to use.
    #[error("the Docker Engine at {} is not for this user", .0.display())]
    Access(PathBuf),
    /// Docker is installed as a service, which does not run.
    #[error("Docker is installed, and its service does not run")]
    Stopped,
    /// There is no place for what is unpacked.
    #[error(
        "there is no folder to set up in: neither BAKEHOUSE_HOME nor HOME is a folder of this user's"
    )]
    Home,
    /// apt knows no mirror of Debian's.
    #[error("no mirror of Debian is named in /etc/apt")]
    Mirror,
    /// A program failed.
    #[error("{program} failed: {said}")]
    Program {
        /// Its name.
        program: &'static str,
        /// The last that it said.
        said: String,
    },
    /// A program did not run to its end.
    #[error("{program}: {source}")]
    Run {
        /// Its name.
        program: &'static str,
        /// The reason.
        source: RunError,
    },
    /// The engine was started, and does not answer.
    #[error("the engine that was started does not answer: {said}")]
    Start {
        /// The last that it said.
        said: String,
        /// The rest of it.
        log: PathBuf,
    },
    /// The emulators' package has none of this name.
    #[error("Debian's QEMU emulates no {0}")]
    NoEmulator(Platform),
    /// The file system refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A thing that a machine lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A Docker Engine.
    Engine,
    /// buildx.
    Buildx,
    /// Emulation of these platforms.
    Emulation(Vec<Platform>),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine => f.write_str("Docker Engine that answers"),
            Self::Buildx => f.write_str("docker-buildx that will do"),
            Self::Emulation(platforms) => {
                let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
                write!(f, "emulation of {}", names.join(", "))
            }
        }
    }
}
