//! Errors of Dockerfiles that are refused before they are built.

use bakehouse_core::platform::Platform;
use bakehouse_dockerfile::Unreadable;

use super::growth::Overgrown;

/// The reasons why a Dockerfile is not built.
#[derive(Debug, thiserror::Error)]
pub enum DockerfileError {
    /// It cannot be read as one, or not for certain.
    #[error("{file}: {unreadable}")]
    Syntax {
        /// Its name, or `the Dockerfile`.
        file: String,
        /// The line, and its fault.
        #[source]
        unreadable: Unreadable,
    },
    /// It gets too large when its variables are filled in.
    #[error("{file}: {growth}")]
    Growth {
        /// Its name, or `the Dockerfile`.
        file: String,
        /// The line, and the size that it gets.
        growth: Overgrown,
    },
    /// A step is for a platform that the builder does not run.
    #[error(
        "RUN in line {line} of {file} (stage {stage}) is for {platform}, which builder {builder} {}, use a builder with a {platform} node, or cross-compile in a stage `FROM --platform=$BUILDPLATFORM`",
        way_out(*.allowed)
    )]
    Emulation {
        /// The step's line.
        line: usize,
        /// Its name, or `the Dockerfile`.
        file: String,
        /// The step's stage.
        stage: String,
        /// The step's platform.
        platform: Box<Platform>,
        /// The builder's name.
        builder: String,
        /// Emulation is allowed, and absent.
        allowed: bool,
    },
}

const fn way_out(allowed: bool) -> &'static str {
    if allowed {
        "cannot emulate"
    } else {
        "may not emulate: pass --use-qemu true"
    }
}
