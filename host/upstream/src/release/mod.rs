//! Upstream releases, one file per kind of source.
//!
//! [`Releases`] asks the source that a [`Source`] names for everything it has,
//! once, and picks from that by version order ([`Selection`]). What is read over
//! an API goes through `api`: conditional requests against a cache on disk,
//! pages, rate limits, tokens for one host each ([`Access`]).

mod access;
mod api;
mod exchange;
mod forge;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gitea;
mod github;
mod gitlab;
mod listing;
mod model;
mod npm;
mod npmrc;
mod pages;
mod pattern;
mod rate_limit;
mod releases;
mod response_cache;
mod selection;
mod source;

pub use access::Access;
pub use api::ApiLimits;
pub use listing::Listing;
pub use model::{Asset, Release};
pub use npmrc::NpmConfig;
pub use releases::{Releases, ReleasesOptions};
pub use selection::{Selected, Selection};
pub use source::{Place, Source};

pub use bakehouse_system::http::pages::ListLimits;
