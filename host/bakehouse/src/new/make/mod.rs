//! Definitions of apps, of what was found.

mod binaries;
mod dockerfile;
mod krate;
mod told;

pub(super) use binaries::binaries;
pub(super) use dockerfile::dockerfile;
pub(super) use krate::krate;
pub(super) use told::{licence, summary};
