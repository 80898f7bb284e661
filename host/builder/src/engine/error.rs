//! Errors of the Docker Engine.

use std::time::Duration;

use bakehouse_core::platform::Platform;

/// Why the engine cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It does not answer.
    #[error("no Docker Engine answers at {host} ({named_by})")]
    Unreachable {
        /// Its address.
        host: String,
        /// What said so.
        named_by: String,
        /// How it did not.
        #[source]
        source: bollard::errors::Error,
    },
    /// It takes too long to answer.
    #[error("no Docker Engine answers at {host} ({named_by}): no answer for {} s", .limit.as_secs())]
    Silent {
        /// Its address.
        host: String,
        /// What said so.
        named_by: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The context that is asked for is not there.
    #[error("no Docker context named {0}")]
    NoContext(String),
}

/// Why a finished image did not run to its end.
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
    /// The registry wants other credentials.
    #[error("{what}: {said}")]
    Credentials {
        /// What the engine was doing, with which image.
        what: String,
        /// What it said.
        said: String,
    },
    /// There is no such image for the platform.
    #[error("{what}: {said}")]
    NotFound {
        /// What the engine was doing, with which image.
        what: String,
        /// What it said.
        said: String,
    },
    /// The engine failed.
    #[error("{what}: {said}")]
    Engine {
        /// What the engine was doing, with which image.
        what: String,
        /// What it said.
        said: String,
    },
}
