//! The words of Bakehouse: platforms, targets, version numbers, the recipe
//! contract's records, grants, mirrors, progress events and refusals.
//!
//! Nothing here reads a file or opens a connection, so that every other crate
//! can use it; a full disk alone is asked how much room it has.

pub mod check;
pub mod date;
pub mod error;
pub mod grants;
pub mod loopback;
pub mod mirrors;
pub mod nearest;
pub mod options;
pub mod platform;
pub mod progress;
pub mod recipe;
pub mod reference_grammar;
#[cfg(feature = "schema")]
pub mod schema;
pub mod storage_error;
pub mod target;
pub mod version_number;
