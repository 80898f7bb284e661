//! Support of the tests; every part is real and on loopback.

pub mod actions;
mod bases;
mod buildkitd;
mod busybox;
mod golang;
mod mattermost;
mod network;
mod outline;
mod outline_cut;
mod output;
mod project;
pub mod published;
pub mod released;
pub mod schemas;
mod shared;
pub mod snippets;
mod upstreams;

pub use bakehouse_clients::{PLATFORMS, child, client, client_as, publish, push, request, silent};
pub use bakehouse_loopback::{
    DebianRegistry, Forge, Git, GitFault as Fault, Npm, Package, PyPi, Release, Tag, Tree, crane,
    crane_file, crane_files, tar_gz, tool,
};
pub use bases::{GOLANG, all_bases, bases, full_node, pin, with_pins};
pub use buildkitd::{Buildkitd, buildx};
pub use busybox::busybox;
pub use golang::golang_image;
pub use mattermost::VERSIONS;
pub use network::Network;
pub use outline::Yarn;
pub use outline_cut::{CUTS, stand_in};
pub use output::Output;
pub use project::{Builder, Project, finish, recipe};
pub use upstreams::{Upstreams, package, program};
