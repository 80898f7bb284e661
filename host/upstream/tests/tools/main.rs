//! Tests of release sources against git and Debian's docker-registry, which
//! `./justw test` sets up.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end by panicking"
)]

#[path = "../loopback/reader.rs"]
#[allow(dead_code, reason = "some of it is for the other tests")]
mod reader;
mod release_sources;
