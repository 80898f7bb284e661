//! Builds with BuildKit, through the `docker-buildx` program, so that every
//! driver users have works.
//!
//! [`Buildx`] turns a [`BuildRequest`] into a command line, follows its
//! progress, and reads the digest from its metadata file. [`BuilderPool`] is several
//! builders as one.

mod build_site;
mod builder;
mod builder_pool;
pub(crate) mod cache;
mod command;
mod docker_buildx;
pub(crate) mod dockerfile;
pub mod engine;
mod error;
#[cfg(feature = "test-util")]
mod fake;
mod hands_back;
pub(crate) mod inspect;
mod options;
pub(crate) mod output;
pub(crate) mod sandbox;
mod set_up;
mod step_settings;

pub use builder::{BuildRequest, Builder, Built, Capabilities, Output};
pub use builder_pool::{BuilderPool, Member};
pub use cache::layer_cache::LayerCache;
pub use command::RequestError;
pub use docker_buildx::Buildx;
pub use dockerfile::DockerfileError;
pub use dockerfile::check::MAX_DOCKERFILE;
pub use dockerfile::frontend::{frontend, frontend_line};
pub use error::{BuildError, BuilderError, FailedStep};
#[cfg(feature = "test-util")]
pub use fake::Fake;
pub use hands_back::HandsBack;
pub use inspect::builder_state::BuilderState;
pub use inspect::program::{Program, ProgramError};
pub use options::BuildxOptions;
pub use output::receive::ReceiveError;
pub use output::used::UsedError;
pub use sandbox::child_env::ChildEnv;
pub use set_up::SetUp;
pub use step_settings::StepSettings;

#[cfg(feature = "fuzzing")]
pub use dockerfile::stages::read_for_fuzzing;
pub use dockerfile::stages::{UsedImage, used_images};
