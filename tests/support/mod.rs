//! What tests stand on; every part is real and on loopback.

mod git;
mod golang;
mod npm;
mod output;
mod project;
mod registry;
mod tools;
mod tree;

pub use git::{Fault, Git};
pub use golang::golang_image;
pub use npm::{Npm, Package};
pub use output::Output;
pub use project::{Builder, Project, finish, recipe};
pub use registry::DebianRegistry;
pub use tools::{crane, crane_file, tool};
pub use tree::Tree;
