//! The health of this machine and this project, before a run finds out.
//!
//! Each check asks what a run would ask, all at the same time, each within a time
//! of its own, and starts and changes nothing. What it finds is a [`Finding`]:
//! the state, what it matters for, and what to do. [`mend`](mend()) does what is
//! safe.

mod check;
mod disk;
mod examination;
mod finding;
mod forges;
mod machine;
mod mend;
mod recipes;
mod registry;
mod schemas;
mod sources;
mod workflow;

pub use check::Check;
pub use examination::examine;
pub use finding::{Cure, Finding, State};
pub use mend::mend;
