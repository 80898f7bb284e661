//! Builds with BuildKit, through the `docker-buildx` program, so that every
//! driver users have works.

mod builder;

pub use builder::{BuildRequest, Builder, Built, Capabilities, Output};
