//! Many machines: what GitHub Actions needs to run a plan job by job.
//!
//! [`matrix`] cuts a plan into matrices, [`Summary`] is the table that a
//! maintainer reads, [`annotation`] finds the line that an error is about,
//! [`command`] writes the runner's workflow commands, and [`workflows`] are the
//! workflow files themselves. The pipeline knows nothing of any of them.

pub mod annotation;
pub mod command;
mod link;
mod markdown;
pub mod matrix;
mod page;
mod plan_page;
mod summary;
pub mod workflows;

pub use page::Page;
pub use plan_page::PlanPage;
pub use summary::Summary;

/// Whether this process runs in a GitHub Actions job.
#[must_use]
pub fn on_github() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}
