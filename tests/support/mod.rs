//! Support of the tests; every part is real and on loopback.

pub mod actions;
mod bases;
mod buildkitd;
mod busybox;
mod client;
mod flavour;
mod forge;
mod forge_content;
mod git;
mod gitea;
mod github;
mod gitlab;
mod golang;
mod mattermost;
mod network;
pub mod odd;
mod outline;
mod outline_cut;
mod output;
mod percent;
mod project;
pub mod pushes;
mod reader;
mod shared;
mod tools;
mod tree;
mod upstreams;

pub use bakehouse_loopback::{DebianRegistry, Npm, Package, tar_gz, tool};
pub use bases::{GOLANG, bases, full_node, pin, with_pins};
pub use buildkitd::{Buildkitd, buildx};
pub use busybox::busybox;
pub use client::{
    PLATFORMS, child, client, client_as, publish, push, quick, request, silent, told,
};
pub use forge::{Answer, Forge, now};
pub use forge_content::{Release, Tag};
pub use git::{Fault, Git};
pub use golang::golang_image;
pub use mattermost::VERSIONS;
pub use network::Network;
pub use outline::Yarn;
pub use outline_cut::CUTS;
pub use output::Output;
pub use project::{Builder, Project, finish, recipe};
pub use reader::Reader;
pub use tools::{crane, crane_file};
pub use tree::Tree;
pub use upstreams::{Upstreams, package, program};
