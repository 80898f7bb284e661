//! Many machines: what GitHub Actions and GitLab CI need to run a plan job by job.
//!
//! [`matrix`] makes a job matrix of a plan, [`gitlab`] a child pipeline, a [`Page`] is the table that a maintainer
//! reads, [`annotation`] finds the line that an error is about,
//! [`command`] writes the runner's workflow commands, and [`workflows`] is the
//! workflow file itself. The pipeline knows nothing of any of them.

pub mod annotation;
pub mod command;
pub mod gitlab;
pub(crate) mod markdown;
pub mod matrix;
mod page;
mod plan_page;
mod review_page;
pub mod section;
pub mod workflows;

pub use page::{Page, prepare, write};
pub use plan_page::PlanPage;

/// Whether this process runs in a GitHub Actions job.
#[must_use]
pub fn on_github() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Whether this process runs in a GitLab CI job.
#[must_use]
pub fn on_gitlab() -> bool {
    std::env::var_os("GITLAB_CI").is_some_and(|value| value == "true")
}
