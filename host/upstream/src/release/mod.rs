//! Upstream releases, one file per kind of source.
//!
//! [`Releases`] asks the source that a [`SourceId`] names for everything it has,
//! once, and picks from that by version order ([`Selection`]). What is read over
//! an API goes through `api`: conditional requests against a cache on disk,
//! pages, rate limits, tokens for one host each ([`ForgeAccess`]).

mod about;
mod access;
mod api;
mod error;
mod exchange;
mod forge;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod git_tags;
mod gitea;
mod github;
mod gitlab;
mod kind;
mod lenient;
mod listing;
mod model;
mod npm;
mod npmrc;
mod oci;
mod page;
mod pages;
mod pattern;
mod piprc;
mod pypi;
mod rate_limit;
mod releases;
mod repository;
mod response_cache;
mod selection;
mod source;
mod standing;
mod table;

pub use about::{About, Machines, PlatformSource};
pub use access::{AccessError, ForgeAccess};
pub use api::ApiLimits;
pub use error::ReleaseError;
pub use listing::Listing;
pub use model::{Asset, Release};
pub use npmrc::NpmConfig;
pub use piprc::PipConfig;
pub use releases::{Releases, ReleasesOptions};
pub use selection::{Selected, Selection};
pub use source::SourceId;
pub use standing::{Forge, Quota, Standing};

pub use bakehouse_system::http::pages::ListLimits;
