//! Stand-ins of the world for tests and benchmarks: registries, a token
//! server, an npm registry, all real and on loopback, and a proxy that breaks
//! what passes through it. Everything ends with the value that started it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end by panicking"
)]

mod debian_registry;
mod layout;
mod npm;
mod program;
mod proxy;
mod service;
mod token_server;
mod tools;

pub use debian_registry::{DebianRegistry, PASSWORD, USER};
pub use layout::{Image, Layer, write_archive, write_archive_with};
pub use npm::{Npm, Package, tar_gz};
pub use program::elf;
pub use proxy::{Fault, FaultProxy, Kind, Random, Record, RetryAfter, Rule};
pub use token_server::{TokenRequest, TokenServer, Tokens};
pub use tools::tool;
