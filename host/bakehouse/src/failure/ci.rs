//! Exit codes and hints of errors about workflow files.

use super::{ExitCode, Explanation};
use crate::ci::workflows::WorkflowError;

pub(super) fn workflow(error: &WorkflowError) -> Explanation {
    match error {
        WorkflowError::NoRepository => Explanation::new(ExitCode::Config).hint(
            "name the repository of Bakehouse, and its version, in bakehouse.toml: \
             [ci], then uses = \"OWNER/REPO@v1\"",
        ),
    }
}
