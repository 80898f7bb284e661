//! Stand-ins of the world for tests and benchmarks, on loopback: registries, a
//! token server, an npm registry, an index of
//! Python's packages, forges, git repositories, a proxy that breaks
//! what passes through it, and a server that answers whatever a test says.
//! Everything ends with the value that started it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end by panicking"
)]

mod crane;
mod debian_registry;
mod flavour;
mod forge;
mod forge_content;
mod git;
mod gitea;
mod github;
mod gitlab;
mod layout;
mod npm;
mod odd;
mod percent;
mod program;
mod proxy;
mod pypi;
mod service;
mod token_server;
mod tools;
mod tree;
mod wheel;

pub use crane::{crane, crane_file, crane_files};
pub use debian_registry::{DebianRegistry, PASSWORD, USER};
pub use forge::{Answer, Forge, now};
pub use forge_content::{Release, Tag};
pub use git::{Git, GitFault};
pub use layout::{Image, Layer, write_archive, write_archive_with};
pub use npm::{Npm, Package, tar_gz};
pub use odd::{Odd, Seen, drops, reply};
pub use program::elf;
pub use proxy::{Fault, FaultProxy, Kind, Random, Record, RetryAfter, Rule};
pub use pypi::{Asked, PyPi};
pub use service::Service;
pub use token_server::{TokenRequest, TokenServer, Tokens};
pub use tools::tool;
pub use tree::Tree;
pub use wheel::wheel;
