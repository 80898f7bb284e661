//! The plan for a machine: by what was found alone.

use std::fmt;

use bakehouse_builder::engine::NamedBy;
use bakehouse_core::platform::Platform;

use super::{Found, Missing, UpError};

/// A part of what builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The Docker Engine.
    Engine,
    /// The client of builders.
    Buildx,
    /// Emulation of other platforms.
    Emulators,
}

/// The state of a part, or what is to be done about it.
#[derive(Debug)]
pub enum Verdict {
    /// It is there: what, in words.
    There(String),
    /// It is to be set up.
    Todo(Step),
    /// It is missing, and is not set up.
    Cannot(Box<UpError>),
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Start an engine: the program that is installed, or else Debian's, unpacked.
    Engine {
        /// Unpack it.
        unpack: bool,
    },
    /// Unpack buildx.
    Buildx,
    /// Register emulators for these platforms.
    Emulators(Vec<Platform>),
}

/// The verdict on each part.
#[must_use]
pub fn plan(found: Found) -> Vec<(Part, Verdict)> {
    let emulators = emulators(&found);
    let buildx = match &found.buildx {
        Ok(program) => Verdict::There(program.version().to_string()),
        Err(_) if found.debian => Verdict::Todo(Step::Buildx),
        Err(_) => cannot(UpError::System(Missing::Buildx)),
    };
    vec![
        (Part::Engine, engine(found)),
        (Part::Buildx, buildx),
        (Part::Emulators, emulators),
    ]
}

fn cannot(error: UpError) -> Verdict {
    Verdict::Cannot(Box::new(error))
}

fn engine(found: Found) -> Verdict {
    let (root, installed) = (found.root, found.dockerd);
    let error = match (found.engine, found.endpoint) {
        (Ok(info), Some(endpoint)) => {
            let (version, host, named_by) = (info.version, endpoint.host, endpoint.named_by);
            let store = match info.containerd_image_store {
                true => "",
                false => "; its containerd image store is off, see `bakehouse doctor`",
            };
            return Verdict::There(format!("Docker {version} at {host} ({named_by}){store}"));
        }
        (Ok(info), None) => return Verdict::There(format!("Docker {}", info.version)),
        (Err(_), Some(endpoint))
            if matches!(endpoint.named_by, NamedBy::SetUp | NamedBy::Default) =>
        {
            match found.forbidden {
                Some(socket) => UpError::Access(socket),
                None if installed && found.systemd => UpError::Stopped,
                None if !root => UpError::Root(Missing::Engine),
                None if installed || found.debian => {
                    return Verdict::Todo(Step::Engine { unpack: !installed });
                }
                None => UpError::System(Missing::Engine),
            }
        }
        // Somebody chose it.
        (Err(error), _) => UpError::Engine(error),
    };
    cannot(error)
}

fn emulators(found: &Found) -> Verdict {
    let foreign = || Missing::Emulation(found.foreign.clone());
    match () {
        () if !found.is_here() => {
            Verdict::There("those of the machine that the engine is on".to_owned())
        }
        () if found.foreign.is_empty() => Verdict::There(list(&found.platforms)),
        () if !found.root => cannot(UpError::Root(foreign())),
        () if !found.debian => cannot(UpError::System(foreign())),
        () => Verdict::Todo(Step::Emulators(found.foreign.clone())),
    }
}

fn list(platforms: &[Platform]) -> String {
    let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    names.join(", ")
}

impl Part {
    /// Its name, in one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Buildx => "buildx",
            Self::Emulators => "emulators",
        }
    }

    /// Nothing can be built without it. Recipes that cross-compile need no
    /// emulation.
    #[must_use]
    pub const fn is_needed(self) -> bool {
        !matches!(self, Self::Emulators)
    }
}

impl fmt::Display for Step {
    /// Completes "would ...".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine { unpack: true } => {
                f.write_str("unpack Debian's Docker Engine, about 80 MB, and start it")
            }
            Self::Engine { unpack: false } => {
                f.write_str("start the Docker Engine that is installed")
            }
            Self::Buildx => f.write_str("unpack Debian's docker-buildx, about 25 MB"),
            Self::Emulators(platforms) => {
                write!(f, "register QEMU for {}", list(platforms))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bakehouse_builder::ProgramError;
    use bakehouse_builder::engine::{EngineEndpoint, EngineError, EngineInfo};

    use super::*;

    /// A fresh Debian machine, and root on it.
    fn fresh() -> Found {
        Found {
            engine: Err(silent()),
            endpoint: Some(named_by(NamedBy::Default)),
            forbidden: None,
            buildx: Err(ProgramError {
                oldest: "0.14.0".parse().unwrap(),
                tried: Vec::new(),
            }),
            platforms: both(),
            foreign: vec!["linux/arm64".parse().unwrap()],
            root: true,
            debian: true,
            dockerd: false,
            systemd: false,
        }
    }

    fn both() -> Vec<Platform> {
        ["linux/amd64", "linux/arm64"]
            .map(|p| p.parse().unwrap())
            .to_vec()
    }

    fn silent() -> EngineError {
        EngineError::Silent {
            host: "unix:///x".to_owned(),
            named_by: NamedBy::Default,
            limit: std::time::Duration::from_secs(1),
        }
    }

    fn named_by(named_by: NamedBy) -> EngineEndpoint {
        EngineEndpoint {
            host: "unix:///x".to_owned(),
            named_by,
        }
    }

    /// The plan, a line for each part.
    fn planned(found: Found) -> [String; 3] {
        let lines = plan(found).into_iter().map(|(_, verdict)| match verdict {
            Verdict::There(what) => format!("there: {what}"),
            Verdict::Todo(step) => format!("would {step}"),
            Verdict::Cannot(error) => error.to_string(),
        });
        lines.collect::<Vec<_>>().try_into().unwrap()
    }

    #[test]
    fn root_on_debian_gets_all_of_it() {
        let [engine, buildx, emulators] = planned(fresh());
        assert_eq!(
            engine,
            "would unpack Debian's Docker Engine, about 80 MB, and start it"
        );
        assert_eq!(buildx, "would unpack Debian's docker-buildx, about 25 MB");
        assert_eq!(emulators, "would register QEMU for linux/arm64");
    }

    #[test]
    fn what_is_there_is_used() {
        let info = EngineInfo {
            version: "29.1".to_owned(),
            architecture: "amd64".to_owned(),
            containerd_image_store: true,
        };
        let [engine, _, emulators] = planned(Found {
            engine: Ok(info.clone()),
            foreign: Vec::new(),
            ..fresh()
        });
        assert_eq!(engine, "there: Docker 29.1 at unix:///x (Docker's default)");
        assert_eq!(emulators, "there: linux/amd64, linux/arm64");
        let off = EngineInfo {
            containerd_image_store: false,
            ..info
        };
        let [engine, ..] = planned(Found {
            engine: Ok(off),
            ..fresh()
        });
        assert!(
            engine.ends_with("store is off, see `bakehouse doctor`"),
            "{engine}"
        );
        let installed = Found {
            dockerd: true,
            debian: false,
            ..fresh()
        };
        let [engine, ..] = planned(installed);
        assert_eq!(engine, "would start the Docker Engine that is installed");
    }

    #[test]
    fn what_cannot_be_set_up_is_told() {
        let nobody = || Found {
            root: false,
            ..fresh()
        };
        let [engine, buildx, emulators] = planned(nobody());
        assert!(engine.ends_with("takes root"), "{engine}");
        // Which takes none.
        assert!(buildx.starts_with("would unpack"), "{buildx}");
        assert_eq!(
            emulators,
            "there is no emulation of linux/arm64, and setting it up takes root"
        );
        let elsewhere = Found {
            debian: false,
            ..fresh()
        };
        for told in planned(elsewhere) {
            assert!(told.ends_with("on Debian alone"), "{told}");
        }
        let socket = Some("/x".into());
        let [engine, ..] = planned(Found {
            forbidden: socket,
            ..nobody()
        });
        assert_eq!(engine, "the Docker Engine at /x is not for this user");
        let stopped = Found {
            dockerd: true,
            systemd: true,
            ..fresh()
        };
        assert!(planned(stopped)[0].ends_with("does not run"));
    }

    #[test]
    fn an_engine_that_somebody_chose_is_nobody_elses_to_replace() {
        for chosen in [NamedBy::Variable, NamedBy::Context("far".to_owned())] {
            let found = Found {
                endpoint: Some(named_by(chosen.clone())),
                ..fresh()
            };
            let [engine, _, emulators] = planned(found);
            assert!(engine.starts_with("no Docker Engine answers"), "{engine}");
            let far = chosen != NamedBy::Variable;
            assert_eq!(emulators.starts_with("there: those of"), far);
        }
    }
}
