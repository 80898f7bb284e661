//! Upstream projects: their releases, their git repositories, and verified
//! downloads from them.

pub mod fetch;
pub mod git;
pub mod release;
