//! Errors of host functions, and what the contract calls each of them.
//!
//! Every crate of the host has errors of its own. A recipe is told one of the
//! contract's few cases and a sentence; which case, is decided here alone.

use std::time::Duration;

use bakehouse_builder::{BuildError, BuilderError, DockerfileError, ReceiveError, UsedError};
use bakehouse_core::error::chain;
use bakehouse_core::recipe::CallError;
use bakehouse_core::storage_error::StorageError;
use bakehouse_registry::LookupError;

/// Why a host function did not do what a recipe asked for.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// What is decided in the contract's own words: a grant that is missing.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A compile step.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A look at somebody else's image.
    #[error(transparent)]
    Image(#[from] LookupError),
    /// It took longer than a host function may.
    #[error("{what} took longer than {} s", .limit.as_secs())]
    Timeout {
        /// The work.
        what: String,
        /// How long it may take.
        limit: Duration,
    },
    /// The call asked the host more often than it may.
    #[error(
        "more than {0} calls of host functions; [limits] in bakehouse.toml sets how many there may be"
    )]
    TooManyCalls(u32),
    /// A function of `prepare` was called by another one.
    #[error("{0} can only be called during prepare")]
    NotPreparing(&'static str),
    /// A compile step's result would take the place of the work tree.
    #[error("`into` must name a folder in the work tree")]
    IntoRoot,
}

macro_rules! by_its_crate {
    ($($error:ty),*) => {
        $(impl From<$error> for HostError {
            fn from(error: $error) -> Self {
                Self::Call(error.into())
            }
        })*
    };
}

// The crates say themselves what these are to a recipe.
by_its_crate!(
    bakehouse_core::grants::Denied,
    bakehouse_system::quota::QuotaError,
    bakehouse_system::work_tree::PathError,
    bakehouse_upstream::fetch::FetchError,
    bakehouse_upstream::release::ReleaseError
);

impl From<HostError> for CallError {
    fn from(error: HostError) -> Self {
        let text = error.to_string();
        match error {
            HostError::Call(error) => error,
            HostError::Build(error) => build(error),
            HostError::Image(error) => error.into(),
            HostError::Timeout { .. } => Self::Timeout(text),
            HostError::TooManyCalls(_) => Self::Denied(text),
            HostError::NotPreparing(_) | HostError::IntoRoot => Self::InvalidInput(text),
        }
    }
}

/// Errors of the `builder` crate.
fn build(error: BuildError) -> CallError {
    let text = error.to_string();
    match error {
        BuildError::BuilderGone(error) => builder(&error),
        BuildError::Step(_)
        | BuildError::ExecFormat { .. }
        | BuildError::PushFailed(_)
        | BuildError::Refused(_) => CallError::BuildFailed(text),
        BuildError::Denied(_)
        | BuildError::Entitlement { .. }
        | BuildError::SecretNotSet { .. } => CallError::Denied(text),
        BuildError::Timeout(_) => CallError::Timeout(text),
        BuildError::Request(_) => CallError::InvalidInput(text),
        BuildError::Dockerfile(error) => match error {
            DockerfileError::Syntax { .. } => CallError::InvalidInput(text),
            DockerfileError::Growth { .. } | DockerfileError::Emulation { .. } => {
                CallError::BuildFailed(text)
            }
        },
        BuildError::Used(error) => match error {
            UsedError::Secret { .. } | UsedError::StepKey { .. } => CallError::Denied(text),
            UsedError::StagePlatform { .. } | UsedError::BasePlatform { .. } => {
                CallError::BuildFailed(text)
            }
        },
        BuildError::Receive(error) => match error {
            ReceiveError::TooLarge(_) | ReceiveError::Files(_) => CallError::InvalidInput(text),
            ReceiveError::Pipe(_) | ReceiveError::Output(_) => CallError::Other(text),
            ReceiveError::Storage(error) => storage(error),
            ReceiveError::Unpack(error) => error,
        },
        BuildError::Metadata(_) | BuildError::Credentials(_) | BuildError::Thread(_) => {
            CallError::Other(text)
        }
        BuildError::Storage(error) => storage(error),
        BuildError::WorkTree(error) => error,
    }
}

fn builder(error: &BuilderError) -> CallError {
    CallError::Unavailable(chain(error))
}

fn storage(error: StorageError) -> CallError {
    error.into()
}
