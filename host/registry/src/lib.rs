//! A client for OCI registries (distribution-spec v1.1): check, push by digest,
//! merge, tag, inspect.
//!
//! ```text
//!  layout.tar --push_archive--> digest --+
//!  layout.tar --push_archive--> digest --+--merge--> index, VERSION --move_tags--> latest
//! ```
//!
//! `examples/publish.rs` walks that way. [`Registry`] is the client for one endpoint; [`index`] and [`tags`] are the
//! pure rules behind it, [`LocalRegistry`] is `--registry local`.

mod archive;
mod blob_reader;
mod client;
pub mod digest;
mod endpoint;
mod error;
mod heads;
pub mod index;
mod inspect;
mod known_blobs;
mod local;
mod manifest;
mod merge;
mod merge_error;
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

pub use archive::{Archive, LayoutError};
pub use blob_reader::BlobReader;
pub use client::{Published, Registry};
pub use digest::DigestMismatch;
pub use endpoint::{Endpoint, EndpointError};
pub use error::RegistryError;
pub use index::{Child, IndexError};
pub use inspect::{InspectedAttestation, InspectedImage, Inspection};
pub use local::{LocalRegistry, LocalRegistryError, MetadataError};
pub use manifest::{IndexView, Manifest, ManifestError, RECIPE_ANNOTATION};
pub use merge::{Labels, MergeRequest, Merged, Replace, Replaced, other_label};
pub use merge_error::MergeError;
pub use moving::{Move, Moved, MovedTag, PRERELEASE_ANNOTATION, VERSION_ANNOTATION};
pub use push::PushError;
pub use transport::{ErrorBody, LoginError, RetryPolicy, TransportError};
pub use upstream::{LookupError, Upstream};
pub use version_tag::Held;

pub use bakehouse_system::http::pages::ListLimits;
