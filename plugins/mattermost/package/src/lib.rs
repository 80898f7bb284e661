//! What recipes of Mattermost and its forks share.
//!
//! Upstream publishes a package for each architecture, and a Dockerfile in
//! `server/build` that fetches one with curl while it builds. Here the host
//! fetches the [`Package`], once and verified, and [`image`] lets upstream's
//! Dockerfile take it from the build context.

mod checksum;
mod image;
mod package;

pub use checksum::checksums;
pub use image::{Replaced, image};
pub use package::{Edition, Package};
