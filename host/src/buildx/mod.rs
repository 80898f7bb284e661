//! Builds with BuildKit, through the `docker-buildx` program, so that every
//! driver users have works.

mod builder;
mod command;
mod docker;
mod inspect;
mod metadata;
mod program;
mod rawjson;

pub use builder::{BuildRequest, Builder, Built, Capabilities, Output};
pub use docker::Buildx;
pub(crate) use rawjson::clean;
