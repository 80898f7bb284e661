//! What tests stand on; every part is real and on loopback.

mod golang;
mod npm;
mod output;
mod project;
mod registry;
mod tools;

pub use golang::golang_image;
pub use npm::{Npm, Package};
pub use output::Output;
pub use project::{Builder, Project, finish, recipe};
pub use registry::DebianRegistry;
pub use tools::{crane, crane_file, tool};
