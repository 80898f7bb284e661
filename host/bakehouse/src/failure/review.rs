//! Exit codes and hints of errors about what a change touches.

use super::{ExitCode, Explanation};
use crate::review::{ReviewError, is_absent};

pub(super) fn review(error: &ReviewError) -> Explanation {
    match error {
        ReviewError::Git(error) if is_absent(error) => {
            Explanation::new(ExitCode::Config).hint("install git")
        }
        ReviewError::Git(_) | ReviewError::Refused(_) => Explanation::new(ExitCode::Config),
        ReviewError::NoRepository(_) => Explanation::new(ExitCode::Config).hint(
            "run it in a clone of the project's repository: a copy without its .git folder has no history to compare with",
        ),
        ReviewError::UnknownRevision(_) => Explanation::new(ExitCode::NotFound).hint(
            "name a commit, branch or tag that is here, such as origin/main; `git fetch` brings what is not",
        ),
        ReviewError::NothingCommon(_) => Explanation::new(ExitCode::NotFound)
            .hint("fetch more of the history: git fetch --unshallow, or a larger fetch-depth"),
    }
}
