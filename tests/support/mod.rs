//! What tests stand on; every part is real and on loopback.

pub mod actions;
mod buildkitd;
mod busybox;
mod flavour;
mod forge;
mod forge_content;
mod git;
mod gitea;
mod github;
mod gitlab;
mod golang;
mod network;
mod npm;
mod output;
mod percent;
mod project;
mod reader;
mod registry;
mod tools;
mod tree;

pub use buildkitd::Buildkitd;
pub use busybox::busybox;
pub use forge::{Answer, Forge, now};
pub use forge_content::{Release, Tag};
pub use git::{Fault, Git};
pub use golang::golang_image;
pub use network::Network;
pub use npm::{Npm, Package, tar_gz};
pub use output::Output;
pub use project::{Builder, Project, finish, recipe};
pub use reader::Reader;
pub use registry::DebianRegistry;
pub use tools::{crane, crane_file, tool};
pub use tree::Tree;
