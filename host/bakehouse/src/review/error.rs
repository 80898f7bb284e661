//! Errors of comparing a project with an earlier state of it.

use bakehouse_system::process::RunError;

/// A change of which it is not known what it touches.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// There is no `git`, or it does not end.
    #[error("what has changed is not known: git {0}")]
    Git(RunError),
    /// The project's folder is in no repository.
    #[error("what has changed is not known: {0} is not in a git repository")]
    NoRepository(String),
    /// git does not read the repository.
    #[error("what has changed is not known: git says: {0}")]
    Refused(String),
    /// The repository does not have the revision.
    #[error("the repository has no commit `{}`", .0.escape_debug())]
    UnknownRevision(String),
    /// History that is here does not reach back far enough.
    #[error("`{}` and HEAD have no commit in common, as far as history is here", .0.escape_debug())]
    NothingCommon(String),
}
