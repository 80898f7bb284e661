//! Tests of the registry client that need nothing: the embedded registry, and
//! servers that answer whatever a test says.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end by panicking"
)]

mod embedded_registry;
mod odd_registry;
mod publish;
