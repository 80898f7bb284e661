//! Errors of builds and of builders.

use std::time::Duration;

use bakehouse_core::platform::Platform;
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::docker::credentials::CredentialsError;
use bakehouse_system::place::PlaceError;
use bakehouse_system::process::RunError;
use bakehouse_system::work_tree::PathError;

use crate::command::RequestError;
use crate::dockerfile::DockerfileError;
use crate::engine::EngineError;
use crate::inspect::program::ProgramError;
use crate::output::receive::ReceiveError;
use crate::output::used::UsedError;

/// The reasons why a build has no result. The output of the `docker-buildx` child
/// is read in one place (`output/classify.rs`), which picks the variant.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The builder is not usable, or went away: another one may do.
    #[error(transparent)]
    BuilderGone(#[from] BuilderError),
    /// The builder is another than it was when the result was asked for, and gives
    /// no such result: what it can do has to be asked again.
    #[error("builder {0} is not what it was")]
    OtherBuilder(String),
    /// A step of the Dockerfile failed.
    #[error("{0}")]
    Step(FailedStep),
    /// A step's program is not for a platform that the builder runs.
    #[error(
        "{step}\nthe builder cannot run programs for this platform: cross-compile in the step, or register QEMU"
    )]
    ExecFormat {
        /// The step.
        step: FailedStep,
        /// The platform that the build is for.
        platform: Box<Platform>,
    },
    /// The image is built, and the registry did not take it.
    #[error("{0}")]
    PushFailed(String),
    /// BuildKit refused the build before it ran a step: what it said.
    #[error("{0}")]
    Refused(String),
    /// The build fetches what is not granted.
    #[error("{0}")]
    Denied(String),
    /// The build wants what BuildKit gives only to clients that hand it on.
    #[error("{app}: the build wants {entitlement}, which no build is given")]
    Entitlement {
        /// The app.
        app: String,
        /// BuildKit's name for it.
        entitlement: &'static str,
    },
    /// A secret is granted, and the environment does not have it.
    #[error(
        "the secret {secret} of {app} is granted and not set; set the environment variable {secret}"
    )]
    SecretNotSet {
        /// The secret's name.
        secret: String,
        /// The app.
        app: String,
    },
    /// It took longer than it may.
    #[error("the build took longer than {} s", .0.as_secs())]
    Timeout(Duration),
    /// The request cannot be a command line.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The Dockerfile is refused before it is built.
    #[error(transparent)]
    Dockerfile(#[from] DockerfileError),
    /// The materials that the build was made of are refused.
    #[error(transparent)]
    Used(#[from] UsedError),
    /// The result did not get here.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The metadata file does not say what was made.
    #[error("docker-buildx wrote a metadata file without result: {0}")]
    Metadata(String),
    /// A registry's credentials cannot be read.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The file system refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A path of the request is none in the work tree.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The result cannot be where it should.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A thread that worked for the build ended early.
    #[error("{0}")]
    Thread(#[from] tokio::task::JoinError),
}

impl BuildError {
    /// Whether a builder that is not what it was taken for can be the reason.
    pub(crate) const fn may_be_the_builders(&self) -> bool {
        match self {
            Self::BuilderGone(_)
            | Self::OtherBuilder(_)
            | Self::Step(_)
            | Self::ExecFormat { .. }
            | Self::PushFailed(_)
            | Self::Refused(_)
            | Self::Dockerfile(_)
            | Self::Receive(_)
            | Self::Metadata(_) => true,
            Self::Denied(_)
            | Self::Entitlement { .. }
            | Self::SecretNotSet { .. }
            | Self::Timeout(_)
            | Self::Request(_)
            | Self::Used(_)
            | Self::Credentials(_)
            | Self::Storage(_)
            | Self::Path(_)
            | Self::Place(_)
            | Self::Thread(_) => false,
        }
    }
}

/// A step that failed: its name, why, and the last lines that it printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step `{name}` failed: {why}{}", indented(.tail))]
pub struct FailedStep {
    /// As the Dockerfile has it.
    pub name: String,
    /// BuildKit's reason.
    pub why: String,
    /// The end of its output.
    pub tail: Vec<String>,
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

/// The reasons why there is no usable builder.
#[derive(Debug, thiserror::Error)]
pub enum BuilderError {
    /// There is no `docker-buildx`.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The builder cannot be asked what it is.
    #[error("{builder} does not answer: {why}")]
    Silent {
        /// `builder NAME`, or `the current builder`.
        builder: String,
        /// The complaint of `docker-buildx inspect`.
        why: String,
    },
    /// The Docker Engine keeps images where no layout can be exported from.
    #[error("builder {builder} cannot export images: Docker's containerd image store is off")]
    NoImageStore {
        /// Its name.
        builder: String,
    },
    /// The engine behind the builder does not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// None of several builders is left.
    #[error("no builder is left")]
    NoneLeft,
    /// None of several builders is left for a platform.
    #[error("no builder is left for {0}")]
    NoneLeftFor(Platform),
    /// None of those for a platform exports images.
    #[error("no builder for {0} exports images")]
    NoneExports(Platform),
    /// Nothing is to be built: a rehearsal stops here.
    #[error("{0}")]
    NotAsked(&'static str),
    /// The node for a platform does not answer.
    #[error("builder {builder}: {node}")]
    UnreachableNode {
        /// The builder's name.
        builder: String,
        /// The node, in a sentence.
        node: String,
    },
    /// The builder fell silent in the middle of a build.
    #[error("builder {builder} stopped answering while it built: {why}")]
    Stopped {
        /// Its name.
        builder: String,
        /// The way in which it did not answer.
        why: String,
    },
    /// The builder, not the build, failed.
    #[error("builder {builder}: {said}")]
    Failed {
        /// Its name.
        builder: String,
        /// The message that it failed with.
        said: String,
    },
    /// BuildKit is too old to say what a build was made of.
    #[error(
        "builder {0} does not say what the build was made of, so that it cannot be checked; BuildKit 0.11 and buildx 0.14 are the oldest that do"
    )]
    NoProvenance(String),
    /// The client did not run to its end.
    #[error("docker-buildx: {0}")]
    Client(#[from] RunError),
}
