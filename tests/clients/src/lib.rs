//! The registry client in the hands of tests: with images to push, limits that are
//! met soon, and a proxy in between.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end by panicking"
)]

mod client;
mod pushes;

pub use client::{
    Given, PLATFORMS, child, client, client_as, publish, push, quick, request, silent, told,
};
pub use pushes::{Archives, NAMESPACE, Retries, hasty, through};
