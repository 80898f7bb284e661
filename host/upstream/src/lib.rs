//! Upstream projects: their releases, their git repositories, and verified
//! downloads from them.

mod contract;
pub mod fetch;
pub mod git;
pub mod release;

pub use contract::advice;
