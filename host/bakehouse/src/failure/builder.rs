//! Exit codes and hints for errors of the `builder` crate.

use bakehouse_builder::engine::{EngineError, NamedBy, SmokeError};
use bakehouse_builder::{BuildError, BuilderError, DockerfileError, ReceiveError, UsedError};

use super::{ExitCode, Explanation, core, system};

/// The advice where programs of another platform cannot run.
const QEMU: &str = "register QEMU with `bakehouse up` or `docker run --privileged --rm tonistiigi/binfmt --install all`";

pub(super) fn build(error: &BuildError) -> Explanation {
    match error {
        BuildError::BuilderGone(_) => Explanation::new(ExitCode::Builder)
            .hint("start the builder and run the same command again"),
        BuildError::OtherBuilder(_) => {
            Explanation::new(ExitCode::Builder).hint("run the same command again")
        }
        BuildError::ExecFormat { platform, .. } => Explanation::new(ExitCode::Build).hint(format!(
            "{platform} needs emulation, or cross-compile in the step: {QEMU}"
        )),
        BuildError::Step(_) | BuildError::PushFailed(_) | BuildError::Refused(_) => {
            Explanation::new(ExitCode::Build)
        }
        BuildError::Denied(_)
        | BuildError::Entitlement { .. }
        | BuildError::SecretNotSet { .. } => Explanation::new(ExitCode::Denied),
        BuildError::Timeout(_) => Explanation::new(ExitCode::Build),
        BuildError::Dockerfile(error) => dockerfile(error),
        BuildError::Used(error) => match error {
            UsedError::Secret { .. } | UsedError::StepKey { .. } => {
                Explanation::new(ExitCode::Denied)
            }
            UsedError::StagePlatform { .. } | UsedError::BasePlatform { .. } => {
                Explanation::new(ExitCode::Build)
            }
        },
        BuildError::Receive(error) => match error {
            ReceiveError::TooLarge(_) => Explanation::new(ExitCode::Recipe),
            ReceiveError::Files(error) => system::unpack(error),
            ReceiveError::Pipe(_) | ReceiveError::Output(_) => Explanation::new(ExitCode::Builder),
            ReceiveError::Thread(_) => Explanation::new(ExitCode::Internal),
            ReceiveError::Storage(error) => core::storage(error),
        },
        BuildError::Request(_) => Explanation::new(ExitCode::Recipe),
        BuildError::Metadata(_) => Explanation::new(ExitCode::Builder),
        BuildError::Credentials(error) => system::credentials(error),
        BuildError::Thread(_) => Explanation::new(ExitCode::Internal),
        BuildError::Storage(error) => core::storage(error),
        BuildError::Path(error) => system::path(error),
        BuildError::Place(error) => system::place(error),
    }
}

pub(super) fn dockerfile(error: &DockerfileError) -> Explanation {
    match error {
        DockerfileError::Syntax { .. } => Explanation::new(ExitCode::Recipe),
        DockerfileError::Emulation { allowed: true, .. } => {
            Explanation::new(ExitCode::Build).hint(QEMU)
        }
        DockerfileError::Growth { .. } | DockerfileError::Emulation { .. } => {
            Explanation::new(ExitCode::Build)
        }
    }
}

pub(super) fn builder(error: &BuilderError) -> Explanation {
    let explained = Explanation::new(ExitCode::Builder);
    match error {
        BuilderError::Program(_) => {
            explained.hint("run `bakehouse up`, install Docker's buildx plugin, or put docker-buildx on PATH")
        }
        BuilderError::Silent { .. } => explained.hint(
            "see what `bakehouse doctor` says; or run `docker buildx create --name bakehouse --bootstrap` and name it with --builder",
        ),
        BuilderError::NoImageStore { .. } => explained.hint(
            "add {\"features\":{\"containerd-snapshotter\":true}} to Docker's daemon.json and restart it, or run `docker buildx create --name bakehouse --driver docker-container --bootstrap` and name it with --builder",
        ),
        BuilderError::Engine(error) => engine(error),
        BuilderError::NoneLeft => explained.hint("start one, and run the same command again"),
        BuilderError::NoneLeftFor(platform) => {
            explained.hint(format!("name one with --builder {platform}=NAME"))
        }
        BuilderError::UnreachableNode { .. }
        | BuilderError::Stopped { .. }
        | BuilderError::Failed { .. }
        | BuilderError::Client(_) => {
            explained.hint("see what `bakehouse doctor` says of builders and engine")
        }
        BuilderError::NoneExports(_)
        | BuilderError::NotAsked(_)
        | BuilderError::NoProvenance(_) => explained,
    }
}

pub(super) fn engine(error: &EngineError) -> Explanation {
    let explained = Explanation::new(ExitCode::Builder);
    match error {
        EngineError::Unreachable { host, .. } if host.starts_with("ssh://") => explained.hint(
            "an engine is not spoken to through ssh; forward its socket, `ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock \
             USER@HOST`, and set DOCKER_HOST=unix:///tmp/engine.sock",
        ),
        EngineError::Unreachable { named_by, .. } | EngineError::Silent { named_by, .. } => {
            explained.hint(match named_by {
                NamedBy::Default => {
                    "run `bakehouse up`, start Docker, or set DOCKER_HOST to where it listens"
                }
                NamedBy::SetUp => "run `bakehouse up` again",
                NamedBy::Variable => "start it; or unset DOCKER_HOST, and run `bakehouse up`",
                NamedBy::Context(_) => "start it, or choose another with `docker context use`",
            })
        }
        EngineError::NoContext(_) => explained.hint("see `docker context ls`, or set DOCKER_HOST"),
    }
}

pub(super) fn smoke(error: &SmokeError) -> Explanation {
    match error {
        SmokeError::Timeout { .. } => Explanation::new(ExitCode::Build)
            .hint("give a command that ends by itself, e.g. one that prints the version"),
        SmokeError::ExecFormat(_) => Explanation::new(ExitCode::Builder).hint(QEMU),
        SmokeError::NotStarted { .. } => Explanation::new(ExitCode::Build).hint(
            "its loader, or the interpreter that its first line names, is not in the image, or it may not be executed",
        ),
        SmokeError::Credentials { .. } => {
            Explanation::new(ExitCode::Credentials).hint("log in with `docker login`")
        }
        SmokeError::NotFound { .. } => Explanation::new(ExitCode::NotFound),
        SmokeError::Engine { .. } => Explanation::new(ExitCode::Builder),
    }
}

#[cfg(test)]
mod tests {
    use bakehouse_builder::FailedStep;

    use super::*;

    #[test]
    fn who_cannot_run_programs_is_told_of_emulation() {
        let platform: bakehouse_core::platform::Platform = "linux/s390x".parse().unwrap();
        let step = FailedStep {
            name: "RUN x".to_owned(),
            why: "exit code: 255".to_owned(),
            tail: vec!["exec /bin/sh: exec format error".to_owned()],
        };
        let build = build(&BuildError::ExecFormat {
            step,
            platform: Box::new(platform.clone()),
        });
        assert_eq!(build.code, ExitCode::Build);
        assert!(build.hint.unwrap().ends_with(QEMU));
        let smoke = smoke(&SmokeError::ExecFormat(platform.clone()));
        assert_eq!(smoke.code, ExitCode::Builder);
        assert_eq!(smoke.hint.as_deref(), Some(QEMU));
        let left = builder(&BuilderError::NoneLeftFor(platform));
        let hint = "name one with --builder linux/s390x=NAME";
        assert_eq!(left.hint.as_deref(), Some(hint));
    }
}
