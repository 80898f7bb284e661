//! A runner for the project's own workflow files: each job in a folder and a
//! network of its own, with nothing between them but artifacts and outputs.
//!
//! `run:` steps are the files' own text, run as GitHub's runner does, those of
//! this repository's action, too. Other actions (`uses:`) are programs of
//! GitHub's services; what they do to a job's folder is done by `action.rs`.

mod action;
mod expression;
mod job;
mod release;
mod run;
mod runner;

use std::path::Path;

pub use release::REPOSITORY;
pub use run::{COMMIT, Repository};
pub use runner::own;

/// This repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}
