//! Bakehouse builds and publishes multi-arch container images of upstream
//! projects.
//!
//! `main` parses the command line ([`cli`]) and calls one function of
//! [`commands`]. A command reads [`config`], opens a [`context`] and walks the
//! [`pipeline`]: discover, check, plan, build, push by digest, merge, tag,
//! inspect, report. Recipes run in [`bakehouse_runtime`]; what they may ask for
//! is decided by [`bakehouse_core::grants`]; [`bakehouse_builder`],
//! [`bakehouse_registry`] and [`bakehouse_upstream`] talk to the outside.

pub mod ci;
pub mod cli;
pub mod commands;
pub mod completion;
pub mod config;
pub mod context;
mod diff;
pub mod doctor;
mod environment;
pub mod failure;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod help;
pub mod init;
pub mod logging;
mod names;
mod new;
pub mod pipeline;
pub mod printer;
pub mod product;
mod programs;
pub mod recipes;
#[cfg(test)]
mod reference;
pub mod report_page;
pub mod reporters;
pub mod review;
pub mod schema;
pub mod signals;
pub mod status;
pub mod text;
mod told_cause;
pub mod up;
