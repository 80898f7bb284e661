//! Tests of release sources that need nothing: forges and registries are on
//! loopback.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end by panicking"
)]

mod pypi;
mod reader;
mod release_api;
mod release_sources;
