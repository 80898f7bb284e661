//! Errors of workflow files.

use thiserror::Error;

/// A workflow file that cannot be told.
#[derive(Debug, Error)]
pub enum WorkflowError {
    /// Nothing says which repository has the reusable workflow.
    #[error("no repository is known that has the reusable workflow")]
    NoRepository,
}
