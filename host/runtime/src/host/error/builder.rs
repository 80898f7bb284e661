//! Errors of the `builder` crate, as a recipe is told them.

use bakehouse_builder::{BuildError, DockerfileError, ReceiveError, UsedError};
use bakehouse_core::error::chain;
use bakehouse_core::recipe::CallError;

use super::Told;
use super::system::{Case, path, place, unpack};

pub(super) fn build(error: &BuildError) -> Told<'_> {
    let case: Case = match error {
        BuildError::BuilderGone(error) => return Ok(CallError::Unavailable(chain(error))),
        BuildError::OtherBuilder(_) => return Ok(CallError::Unavailable(error.to_string())),
        BuildError::Step(_)
        | BuildError::ExecFormat { .. }
        | BuildError::PushFailed(_)
        | BuildError::Refused(_) => CallError::BuildFailed,
        BuildError::Denied(_)
        | BuildError::Entitlement { .. }
        | BuildError::SecretNotSet { .. } => CallError::Denied,
        BuildError::Timeout(_) => CallError::Timeout,
        BuildError::Request(_) => CallError::InvalidInput,
        BuildError::Dockerfile(error) => match error {
            DockerfileError::Syntax { .. } => CallError::InvalidInput,
            DockerfileError::Growth { .. } | DockerfileError::Emulation { .. } => {
                CallError::BuildFailed
            }
        },
        BuildError::Used(error) => match error {
            UsedError::Secret { .. } | UsedError::StepKey { .. } => CallError::Denied,
            UsedError::StagePlatform { .. } | UsedError::BasePlatform { .. } => {
                CallError::BuildFailed
            }
        },
        BuildError::Receive(error) => match error {
            ReceiveError::TooLarge(_) => CallError::InvalidInput,
            ReceiveError::Files(error) => unpack(error)?,
            ReceiveError::Pipe(_) | ReceiveError::Output(_) | ReceiveError::Thread(_) => {
                CallError::Other
            }
            ReceiveError::Storage(error) => return Err(error),
        },
        BuildError::Metadata(_) | BuildError::Credentials(_) | BuildError::Thread(_) => {
            CallError::Other
        }
        BuildError::Storage(error) => return Err(error),
        BuildError::Path(error) => return path(error),
        BuildError::Place(error) => place(error)?,
    };
    Ok(case(error.to_string()))
}
