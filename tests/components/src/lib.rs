//! Recipes for tests that need no WebAssembly toolchain: modules written as text,
//! and recipes that always answer the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end by panicking"
)]

mod answers;
mod contract;
mod memory;

pub use answers::Answers;
pub use contract::component;
