//! Registries (OCI distribution-spec v1.1): check, push by digest, merge, tag,
//! inspect.
//!
//! [`Registry`] is the client for one endpoint; [`index`] and [`tags`] are the
//! pure rules behind it, [`LocalRegistry`] is `--registry local`.

mod archive;
mod blob_reader;
mod client;
pub mod digest;
mod endpoint;
mod heads;
pub mod index;
mod inspect;
mod known_blobs;
mod local;
mod manifest;
mod merge;
mod moving;
mod push;
pub mod reserved;
mod revisions;
mod tag_list;
pub mod tags;
mod transport;
mod upload;
mod uploads;
mod upstream;
mod version_tag;

pub use archive::Archive;
pub use blob_reader::BlobReader;
pub use client::{Published, Registry};
pub use endpoint::Endpoint;
pub use index::Child;
pub use inspect::{InspectedAttestation, InspectedImage, Inspection};
pub use local::LocalRegistry;
pub use manifest::{Manifest, RECIPE_ANNOTATION};
pub use merge::{Labels, MergeRequest, Merged, Replace, Replaced, other_label};
pub use moving::{Move, Moved, MovedTag, PRERELEASE_ANNOTATION, VERSION_ANNOTATION};
pub use transport::Policy;
pub use upstream::Upstream;

pub use version_tag::Held;

pub use bakehouse_system::http::pages::ListLimits;
