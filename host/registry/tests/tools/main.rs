//! Tests of the registry client against Debian's docker-registry, with crane as a
//! witness; `./justw test` sets both up.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end by panicking"
)]

mod faults;
mod login;
mod merge;
