//! Manifests as they came from a registry.

use std::collections::BTreeMap;

use bakehouse_core::platform::{Platform, PlatformError};
use bakehouse_core::reference_grammar::is_digest;
use bytes::Bytes;
use oci_spec::image::{Descriptor, Digest, ImageManifest, MediaType};
use serde::Deserialize;

/// Media types that may be answered for a manifest: the value of `Accept`.
pub(super) const MANIFEST_TYPES: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.docker.distribution.manifest.v2+json";
/// Docker's image manifest, version 2, schema 2.
pub(super) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker's manifest list.
pub(super) const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// The annotation with the digest of the recipe that made an image: of an
/// index for all of its images, of one of its descriptors for that image.
pub(crate) const RECIPE_ANNOTATION: &str = "dev.bakehouse.recipe.digest";
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
        /// What is wrong with them.
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
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// An index, or a malformed image manifest.
    #[error("{digest} is not an image manifest")]
    NoImage {
        /// Its digest.
        digest: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A descriptor or a configuration names something that is no platform.
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

/// A manifest's bytes with their descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    bytes: Bytes,
    descriptor: Descriptor,
}

/// The parts of an index that matter here; an OCI index and a Docker list read
/// alike.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IndexView {
    /// Its entries.
    pub manifests: Vec<Descriptor>,
    /// Its annotations.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    schema_version: u8,
    media_type: Option<String>,
    manifests: Option<serde::de::IgnoredAny>,
    config: Option<serde::de::IgnoredAny>,
}

impl Manifest {
    /// Bytes whose digest has been verified to be `digest`.
    ///
    /// # Errors
    /// When they are not a manifest of schema 2.
    pub fn new(bytes: Bytes, digest: Digest) -> Result<Self, ManifestError> {
        let head: Head = match serde_json::from_slice(&bytes) {
            Ok(head) => head,
            Err(source) => {
                let digest = digest.to_string();
                return Err(ManifestError::NoManifest { digest, source });
            }
        };
        let media_type = match (
            head.schema_version,
            head.media_type,
            head.manifests,
            head.config,
        ) {
            (2, Some(media_type), ..) => MediaType::from(media_type.as_str()),
            (2, None, Some(_), None) => MediaType::ImageIndex,
            (2, None, None, Some(_)) => MediaType::ImageManifest,
            _ => return Err(ManifestError::Schema(digest.to_string())),
        };
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
        let index = serde_json::from_slice(&self.bytes);
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
        serde_json::from_slice(&self.bytes).map_err(|source| ManifestError::NoImage {
            digest: self.descriptor.digest().to_string(),
            source,
        })
    }
}

impl IndexView {
    /// The image manifest of each platform.
    ///
    /// # Errors
    /// When an entry's platform is malformed.
    pub fn platforms(&self) -> Result<BTreeMap<Platform, Descriptor>, ManifestError> {
        let mut platforms = BTreeMap::new();
        for entry in &self.manifests {
            let Some(platform) = entry.platform() else {
                continue;
            };
            if is_attestation(entry) {
                continue;
            }
            let platform = Platform::from_oci(platform)?;
            platforms.entry(platform).or_insert_with(|| entry.clone());
        }
        Ok(platforms)
    }

    /// Digest of the recipe that made each platform's image, where it is known.
    ///
    /// # Errors
    /// When an entry's platform is malformed.
    pub fn recipes(&self) -> Result<BTreeMap<Platform, Option<String>>, ManifestError> {
        let of_all = self.annotations.get(RECIPE_ANNOTATION);
        let platforms = self.platforms()?.into_iter();
        let recipes = platforms.map(|(platform, entry)| {
            let annotations = entry.annotations().as_ref();
            let own = annotations.and_then(|own| own.get(RECIPE_ANNOTATION));
            let recipe = own.or(of_all).filter(|recipe| is_digest(recipe));
            (platform, recipe.cloned())
        });
        Ok(recipes.collect())
    }

    /// The entries that attest to images (BuildKit, "Attestation storage").
    #[must_use]
    pub fn attestations(&self) -> Vec<Descriptor> {
        self.manifests
            .iter()
            .filter(|entry| is_attestation(entry))
            .cloned()
            .collect()
    }
}

/// Whether a media type is that of an index or list.
pub(super) fn is_index(media_type: &MediaType) -> bool {
    *media_type == MediaType::ImageIndex || media_type.to_string() == DOCKER_LIST
}

fn is_attestation(entry: &Descriptor) -> bool {
    entry.platform().as_ref().is_some_and(|p| {
        p.os().to_string() == "unknown" && p.architecture().to_string() == "unknown"
    })
}
