//! Registries (OCI distribution-spec v1.1): check, push by digest, merge, tag,
//! inspect.
//!
//! [`Registry`] is the client for one endpoint; [`index`] and [`tags`] are the
//! pure rules behind it, [`LocalRegistry`] is `--registry local`.

mod archive;
mod client;
pub mod credentials;
mod endpoint;
pub mod index;
mod inspect;
mod local;
mod manifest;
mod merge;
mod push;
mod retry;
pub mod tags;
mod uploads;
mod upstream;

pub use archive::file_sha256;
pub use client::{Published, Registry};
pub use endpoint::Endpoint;
pub use index::Child;
pub use inspect::{InspectedImage, Inspection};
pub use local::LocalRegistry;
pub use manifest::Manifest;
pub use merge::{MergeRequest, Merged, Moved, VERSION_ANNOTATION};
pub use upstream::Upstream;
