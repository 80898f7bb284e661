//! Shared parts of the recipes of Mattermost and its forks.
//!
//! Upstream publishes a package for each architecture, and a Dockerfile in
//! `server/build` that fetches one with curl while it builds. Here the host
//! fetches the [`Package`], once and verified, and [`image`] lets upstream's
//! Dockerfile take it from the build context. Packages of a version differ
//! between platforms: [`Package::complete`] finds out how, and adds what upstream
//! publishes apart.

mod checksum;
mod compare;
mod contents;
mod image;
mod package;
mod plugins;
mod search;
mod since;

pub use checksum::checksums;
pub use compare::Differences;
pub use image::{Replaced, image};
pub use package::{Edition, Package};
pub use search::DocumentSearch;
pub use since::is_buildable;
