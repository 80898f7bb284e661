//! Upstream releases, one file per kind of source.

mod model;
mod npm;
mod npmrc;
mod releases;
mod source;

pub use model::{Asset, Release};
pub use npmrc::NpmConfig;
pub use releases::Releases;
pub use source::Source;
