//! Errors of the Docker Engine.

use std::time::Duration;

use bakehouse_core::platform::Platform;

use super::NamedBy;

/// The reasons why the engine cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It does not answer.
    #[error("no Docker Engine answers at {host} ({named_by})")]
    Unreachable {
        /// Its address.
        host: String,
        /// The variable, context or default that names the address.
        named_by: NamedBy,
        /// The error that talking to it ended with.
        #[source]
        source: bollard::errors::Error,
    },
    /// It takes too long to answer.
    #[error("no Docker Engine answers at {host} ({named_by}): no answer for {} s", .limit.as_secs())]
    Silent {
        /// Its address.
        host: String,
        /// The variable, context or default that names the address.
        named_by: NamedBy,
        /// The time for which it was waited.
        limit: Duration,
    },
    /// The context that is asked for is not there.
    #[error("no Docker context named {0}")]
    NoContext(String),
}

/// The reasons why a finished image did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum SmokeError {
    /// It did not end in time.
    #[error("{reference} for {platform} did not end within {} s", .limit.as_secs())]
    Timeout {
        /// The image.
        reference: String,
        /// Its platform.
        platform: Platform,
        /// The time that it had.
        limit: Duration,
    },
    /// The machine does not run programs for the platform.
    #[error("this machine cannot run programs for {0}")]
    ExecFormat(Platform),
    /// The kernel does not start its program.
    #[error("{reference} for {platform} does not start: {said}")]
    NotStarted {
        /// The image.
        reference: String,
        /// Its platform.
        platform: Platform,
        /// The words of the container's runtime.
        said: String,
    },
    /// The registry wants other credentials.
    #[error("{what}: {said}")]
    Credentials {
        /// The engine's work that failed, with the image and the platform.
        what: String,
        /// The engine's own words.
        said: String,
    },
    /// There is no such image for the platform.
    #[error("{what}: {said}")]
    NotFound {
        /// The engine's work that failed, with the image and the platform.
        what: String,
        /// The engine's own words.
        said: String,
    },
    /// The engine failed.
    #[error("{what}: {said}")]
    Engine {
        /// The engine's work that failed, with the image and the platform.
        what: String,
        /// The engine's own words.
        said: String,
    },
}
