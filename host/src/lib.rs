//! Bakehouse publishes the multi-arch container images that upstream projects
//! do not ship.
//!
//! `main` parses the command line ([`cli`]) and calls one function of
//! [`commands`]. A command reads [`config`], opens a [`context`] and walks the
//! [`pipeline`]: discover, check, plan, build, push by digest, merge, tag,
//! inspect, report. Recipes run in [`plugin`]; what they may ask for is decided
//! by [`grants`]; [`buildx`], [`registry`], [`release`], [`source`] and [`fetch`]
//! talk to the outside; [`storage`] is the local file system.

pub mod buildx;
pub mod ci;
pub mod cli;
pub mod commands;
pub mod config;
pub mod context;
pub mod engine;
pub mod error;
pub mod fetch;
#[doc(hidden)]
pub mod fuzzing;
pub mod grants;
pub(crate) mod http;
pub mod logging;
pub mod mirrors;
pub mod pipeline;
pub mod platform;
pub mod plugin;
pub mod printer;
mod programs;
pub mod progress;
pub mod quota;
pub mod recipe;
pub mod registry;
pub mod release;
pub mod reporters;
pub mod signals;
pub mod source;
pub mod storage;
pub mod target;
pub mod text;
pub mod work_tree;
