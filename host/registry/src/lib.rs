//! A client for OCI registries (distribution-spec v1.1): push by digest, merge, tag,
//! inspect.
//!
//! ```text
//!  layout.tar --push_archive--> digest --+
//!  layout.tar --push_archive--> digest --+--merge--> index, VERSION --move_tag--> latest
//! ```
//!
//! [`Registry`] is the client of one [`Endpoint`]. It waits, repeats and goes on with
//! broken uploads within its [`RetryPolicy`], finds credentials as Docker does, and
//! holds whatever a registry sends to its digest and to bounds. [`LocalRegistry`] is a
//! registry inside the process, on loopback. [`Upstream`] looks images of other
//! registries up. [`tags`] and [`reserved`] are the rules for names of tags.
//!
//! # Examples
//!
//! A multi-arch image from two OCI layouts, as `docker buildx build --output type=oci`
//! writes them, in a registry of its own:
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::Arc;
//!
//! use bakehouse_core::platform::Platform;
//! use bakehouse_core::progress::Silent;
//! use bakehouse_registry::{
//!     Child, Endpoint, LocalRegistry, MergeRequest, Moved, Registry, Replace, VERSION_ANNOTATION,
//! };
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! # let layouts = ["amd64", "arm64"].map(|of| (of, folder.join(of)));
//! # for (architecture, path) in &layouts {
//! #     let layer = bakehouse_loopback::Layer { seed: 1, size: 100 };
//! #     bakehouse_loopback::write_archive(path, architecture, &[layer]);
//! # }
//! // `Endpoint::new("registry.example:5000", "acme")?` is one elsewhere.
//! let local = LocalRegistry::open(&folder.join("registry"), 0, Arc::new(Silent)).await?;
//! let endpoint = Endpoint::new(&local.address().to_string(), "acme")?.embedded();
//! let registry = Registry::new(endpoint, Arc::new(Silent))?;
//!
//! let mut children = Vec::new();
//! for (architecture, layout) in &layouts {
//!     let platform = Platform::new("linux", architecture, None)?;
//!     let descriptor = registry.push_archive("app", layout).await?;
//!     children.push(Child::new(platform, descriptor));
//! }
//! let wanted: Vec<Platform> = children.iter().map(|child| child.platform.clone()).collect();
//! let merged = registry
//!     .merge(&MergeRequest {
//!         image: "app",
//!         version: "1.2.0",
//!         children,
//!         wanted: &wanted,
//!         annotations: BTreeMap::from([(VERSION_ANNOTATION.into(), "1.2.0".into())]),
//!         replace: Replace::Never,
//!         labels: None,
//!     })
//!     .await?;
//! assert_eq!(registry.move_tag("app", "latest", "1.2.0").await?, Moved::Forward);
//!
//! let latest = registry.published("app", "latest").await?.expect("it is tagged");
//! assert_eq!(latest.descriptor.digest(), merged.descriptor.digest());
//! assert_eq!(latest.platforms.into_keys().collect::<Vec<_>>(), wanted);
//! # Ok(())
//! # }
//! ```
//!
//! The program `examples/publish.rs` does the same from its command line.

mod absences;
mod archive;
mod blob_reader;
mod client;
mod digest;
mod endpoint;
mod error;
mod greeting;
mod heads;
mod index;
mod index_view;
mod inspect;
mod json;
mod kept_manifests;
mod known_blobs;
mod local;
mod look;
mod manifest;
mod merge;
mod merge_error;
mod moving;
mod odd_entry;
mod published;
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
pub use client::Registry;
pub use digest::{DigestMismatch, sha256};
pub use endpoint::{Endpoint, EndpointError};
pub use error::RegistryError;
pub use index::{Child, IndexError};
pub use index_view::IndexView;
pub use inspect::{InspectedAttestation, InspectedImage, Inspection};
pub use kept_manifests::KeptManifests;
pub use local::{LocalRegistry, LocalRegistryError, MetadataError};
pub use manifest::{Manifest, ManifestError, RECIPE_ANNOTATION, download_size};
pub use merge::{Labels, MergeRequest, Merged, Replace, Replaced, other_label};
pub use merge_error::MergeError;
pub use moving::{Move, Moved, MovedTag, PRERELEASE_ANNOTATION, VERSION_ANNOTATION};
pub use odd_entry::OddEntry;
pub use published::Published;
pub use push::{PushError, Sent, Told};
pub use transport::{ErrorBody, LoginError, Refusal, RetryPolicy, TransportError};
pub use upstream::{LookupError, Upstream};
pub use version_tag::Held;

pub use bakehouse_system::http::pages::ListLimits;
