//! A runner for the project's own workflow files: each job in a folder and a
//! network of its own, with nothing between them but artifacts and outputs.
//!
//! `run:` steps are the files' own text, run as GitHub's runner does. Actions
//! (`uses:`) are programs of GitHub's services; what they do to a job's folder is
//! done by `action.rs`.

mod action;
mod expression;
mod job;
mod run;
mod runner;

pub use run::{Repository, workflow};
pub use runner::own;
