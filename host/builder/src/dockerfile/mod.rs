//! Dockerfiles, as far as the host reads them before BuildKit does.

pub(crate) mod check;
pub(crate) mod emulation;
mod error;
pub(crate) mod frontend;
pub(crate) mod growth;
pub(crate) mod handed;
mod platform;
pub(crate) mod reserved;
pub(crate) mod stages;
pub(crate) mod variables;

pub use error::DockerfileError;
