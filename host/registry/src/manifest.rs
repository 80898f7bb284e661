//! Manifests as they came from a registry.

use bakehouse_core::platform::PlatformError;
use bakehouse_system::http::page::{self, PageTitle};
use bytes::Bytes;
use oci_spec::image::{Descriptor, Digest, ImageManifest, MediaType};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::index_view::IndexView;
use super::json;
use super::odd_entry::{OddEntry, shown};

/// Media types that may be answered for a manifest: the value of `Accept`.
pub(super) const MANIFEST_TYPES: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.docker.distribution.manifest.v2+json";
/// Docker's image manifest, version 2, schema 2.
pub(super) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker's manifest list.
pub(super) const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// Media types that the configuration of an image has; the last is what Docker
/// wrote before there was one.
const CONFIG_TYPES: [&str; 3] = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    "application/octet-stream",
];

/// The annotation with the digest of the recipe that made an image: of an
/// index for all of its images, of one of its descriptors for that image.
pub const RECIPE_ANNOTATION: &str = "dev.bakehouse.recipe.digest";
/// Its value for an image of which nobody knows the recipe, in an index that
/// names the recipe of others.
pub(super) const UNKNOWN_RECIPE: &str = "unknown";

/// Bytes are not the manifest that they should be.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// No manifest at all.
    #[error("{digest} is not an OCI or Docker manifest")]
    NoManifest {
        /// Digest of the bytes.
        digest: String,
        /// The error in their JSON.
        #[source]
        source: serde_json::Error,
    },
    /// A manifest of another schema than 2.
    #[error("{0} is not an OCI or Docker manifest of schema 2")]
    Schema(String),
    /// An index or list that cannot be read.
    #[error("index {digest} is malformed")]
    Index {
        /// Its digest.
        digest: String,
        /// The error in its JSON.
        #[source]
        source: serde_json::Error,
    },
    /// An index, or a malformed image manifest.
    #[error("{digest} is not an image manifest")]
    NoImage {
        /// Its digest.
        digest: String,
        /// The error in its JSON.
        #[source]
        source: serde_json::Error,
    },
    /// A web page, from something in front of the registry.
    #[error("the answer is a web page{0}, not a manifest")]
    Page(PageTitle),
    /// A thing of another kind: a chart, a signature, files.
    #[error("{digest} is an artifact of type {kind}, not an image")]
    Artifact {
        /// Its digest.
        digest: String,
        /// Its artifact type, else its media type.
        kind: String,
    },
    /// An index without an entry for an image.
    #[error("index {digest} has no entry that is of an image")]
    NoEntry {
        /// Its digest.
        digest: String,
        /// The fault of the first entry.
        #[source]
        source: OddEntry,
    },
    /// An index of no image: it is empty, or of attestations alone.
    #[error("index {digest} has no image for any platform")]
    NoImages {
        /// Its digest.
        digest: String,
    },
    /// A configuration names something that is no platform.
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

/// A manifest's bytes with their descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    bytes: Bytes,
    descriptor: Descriptor,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    manifests: Option<IgnoredAny>,
    layers: Option<IgnoredAny>,
    config: Option<IgnoredAny>,
}

impl Manifest {
    /// Bytes whose digest has been verified to be `digest`.
    ///
    /// # Errors
    /// When they are not a manifest of schema 2.
    pub fn new(bytes: Bytes, digest: Digest) -> Result<Self, ManifestError> {
        let head: Head = match serde_json::from_slice(&bytes) {
            Ok(head) => head,
            Err(_) if page::is_page(&bytes) => {
                return Err(ManifestError::Page(page::title(&bytes)));
            }
            Err(source) => {
                let digest = digest.to_string();
                return Err(ManifestError::NoManifest { digest, source });
            }
        };
        let media_type = head.media_type.filter(|media_type| !media_type.is_empty());
        let artifact = head.artifact_type.filter(|kind| !kind.is_empty());
        let media_type = match (media_type, head.manifests, head.config.or(head.layers)) {
            (Some(media_type), ..) => MediaType::from(media_type.as_str()),
            (None, Some(_), None) => MediaType::ImageIndex,
            (None, None, Some(_)) => MediaType::ImageManifest,
            _ => return Err(ManifestError::Schema(digest.to_string())),
        };
        // Artifact manifests, which an early draft had, are of no schema.
        if head.schema_version != Some(2) && artifact.is_none() {
            return Err(ManifestError::Schema(digest.to_string()));
        }
        let descriptor = Descriptor::new(media_type, bytes.len() as u64, digest);
        Ok(Self { bytes, descriptor })
    }

    /// A manifest that was made here.
    pub(super) const fn made(bytes: Bytes, descriptor: Descriptor) -> Self {
        Self { bytes, descriptor }
    }

    /// Media type, digest and size.
    #[must_use]
    pub const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// Media type, digest and size.
    #[must_use]
    pub fn into_descriptor(self) -> Descriptor {
        self.descriptor
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// As an index or list; none when it is a single image.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn index(&self) -> Result<Option<IndexView>, ManifestError> {
        if !is_index(self.descriptor.media_type()) {
            return Ok(None);
        }
        let index = IndexView::read(&self.bytes);
        index.map(Some).map_err(|source| ManifestError::Index {
            digest: self.descriptor.digest().to_string(),
            source,
        })
    }

    /// As a single image's manifest.
    ///
    /// # Errors
    /// When it is an index, or malformed.
    pub fn image(&self) -> Result<ImageManifest, ManifestError> {
        json::image(&self.bytes).map_err(|source| ManifestError::NoImage {
            digest: self.descriptor.digest().to_string(),
            source,
        })
    }

    /// Refuses what is no image: a chart, a signature, or files (image-spec v1.1,
    /// "Guidelines for Artifact Usage").
    ///
    /// # Errors
    /// [`ManifestError::Artifact`] when it is something of that kind.
    pub(super) fn refuse_artifact(&self) -> Result<(), ManifestError> {
        let Some(kind) = artifact(self.descriptor.media_type(), &self.bytes) else {
            return Ok(());
        };
        Err(ManifestError::Artifact {
            digest: self.descriptor.digest().to_string(),
            kind: shown(&kind),
        })
    }
}

/// Bytes to download of an image: its configuration and its layers.
#[must_use]
pub fn download_size(image: &ImageManifest) -> u64 {
    let layers = image.layers().iter().map(Descriptor::size);
    layers.fold(image.config().size(), u64::saturating_add)
}

/// Whether a media type is that of an index or list.
pub(super) fn is_index(media_type: &MediaType) -> bool {
    *media_type == MediaType::ImageIndex || media_type.to_string() == DOCKER_LIST
}

/// The type of a manifest's content, where that is not an image.
fn artifact(media_type: &MediaType, bytes: &[u8]) -> Option<String> {
    let object = json::object(bytes).ok()?;
    let of = |value: Option<&Value>| {
        let text = value.and_then(Value::as_str)?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let said = of(object.get("artifactType"));
    if is_index(media_type) {
        return said;
    }
    let is_image =
        *media_type == MediaType::ImageManifest || media_type.as_ref() == DOCKER_MANIFEST;
    if !is_image {
        return said.or_else(|| Some(media_type.to_string()));
    }
    let media_type = |descriptor: Option<&Value>| of(descriptor?.get("mediaType"));
    let config = media_type(object.get("config"));
    let other = config.filter(|config| !CONFIG_TYPES.contains(&config.as_str()));
    if other.is_some() {
        return said.or(other);
    }
    let layers = object.get("layers").and_then(Value::as_array);
    let mut layers = layers
        .into_iter()
        .flatten()
        .filter_map(|layer| media_type(Some(layer)));
    let first = layers.next()?;
    let none = !is_layer(&first) && !layers.any(|layer| is_layer(&layer));
    none.then_some(said.unwrap_or(first))
}

/// Whether a media type is that of a layer of files, in whatever compression.
fn is_layer(media_type: &str) -> bool {
    [".layer.", ".rootfs.", "tar"]
        .iter()
        .any(|part| media_type.contains(part))
}
