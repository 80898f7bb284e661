//! Inspection of a reference, for people and programs.

use std::collections::BTreeMap;

use bakehouse_core::platform::Platform;
use futures_util::{StreamExt as _, TryStreamExt as _};
use oci_spec::image::Descriptor;
use serde::Serialize;

use super::client::{Registry, config_platform};
use super::error::RegistryError;
use super::manifest::download_size;

/// Images looked at in parallel.
const PARALLEL: usize = 4;

/// The index or image that a reference names. Its JSON is stable: fields are only added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The reference, as people write it.
    pub reference: String,
    /// Media type of the index or manifest.
    pub media_type: String,
    /// Its digest.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// One entry for each platform; a single image has one.
    pub images: Vec<InspectedImage>,
    /// Digest of the recipe that the project has for this image now, where it
    /// has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe_now: Option<String>,
}

/// One platform's image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InspectedImage {
    /// Its platform.
    pub platform: Platform,
    /// Media type of its manifest.
    pub media_type: String,
    /// Digest of its manifest.
    pub digest: String,
    /// Bytes to download: configuration and compressed layers.
    pub size: u64,
    /// The time at which it was created, RFC 3339.
    pub created: Option<String>,
    /// User it runs as.
    pub user: Option<String>,
    /// Entrypoint.
    pub entrypoint: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations of its manifest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The attestations about it.
    pub attestations: Vec<InspectedAttestation>,
    /// Digest of the recipe that made it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
}

/// An attestation manifest (BuildKit, "Attestation storage").
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InspectedAttestation {
    /// Digest of its manifest.
    pub digest: String,
    /// The types of its statements' predicates, e.g.
    /// `https://slsa.dev/provenance/v1`.
    pub predicates: Vec<String>,
}

impl Registry {
    /// Looks at a tag or digest.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] when the registry does not have it; also when a
    /// request fails, or what is there cannot be understood.
    pub async fn inspect(
        &self,
        image: &str,
        tag_or_digest: &str,
    ) -> Result<Inspection, RegistryError> {
        let reference = self.endpoint().show(image, tag_or_digest);
        let published = self.pullable(image, tag_or_digest).await?;
        let published = published.ok_or_else(|| RegistryError::NotFound {
            reference: reference.clone(),
        })?;
        let attestations = &published.attestations;
        let mut images: Vec<InspectedImage> = futures_util::stream::iter(&published.platforms)
            .map(|(platform, descriptor)| async move {
                self.inspect_image(image, platform, descriptor, attestations)
                    .await
            })
            .buffered(PARALLEL)
            .try_collect()
            .await?;
        for image in &mut images {
            image.recipe = published.recipes.get(&image.platform).cloned().flatten();
        }
        Ok(Inspection {
            reference,
            media_type: published.descriptor.media_type().to_string(),
            digest: published.descriptor.digest().to_string(),
            size: published.descriptor.size(),
            annotations: published.annotations,
            images,
            recipe_now: None,
        })
    }

    /// Bytes to download of each platform of an index or image that the registry has
    /// named; none where it is not there.
    ///
    /// # Errors
    /// When a request fails, or what is there cannot be understood.
    pub async fn download_sizes(
        &self,
        image: &str,
        digest: &str,
    ) -> Result<BTreeMap<Platform, u64>, RegistryError> {
        let mut sizes = BTreeMap::new();
        let published = self.named(image, digest).await?;
        let platforms = published.map(|published| published.platforms);
        for (platform, descriptor) in platforms.into_iter().flatten() {
            let manifest = self.named_manifest(image, descriptor.digest().as_ref());
            let manifest = manifest.await?;
            let Some(Ok(manifest)) = manifest.map(|manifest| manifest.image()) else {
                continue;
            };
            sizes.insert(platform, download_size(&manifest));
        }
        Ok(sizes)
    }

    async fn inspect_image(
        &self,
        image: &str,
        platform: &Platform,
        descriptor: &Descriptor,
        attestations: &[Descriptor],
    ) -> Result<InspectedImage, RegistryError> {
        let digest = descriptor.digest().to_string();
        let manifest = self.manifest(image, &digest).await?;
        let manifest = manifest.ok_or_else(|| RegistryError::MissingChild {
            reference: self.endpoint().show(image, &digest),
        })?;
        let parsed = manifest.image();
        let parsed = parsed.map_err(|error| self.unreadable(image, &digest, error))?;
        let config = self.config(image, &manifest).await?;
        let actual = config_platform(&config);
        let actual = actual.map_err(|error| self.unreadable(image, &digest, error))?;
        if actual != *platform {
            tracing::warn!("{digest} is listed for {platform} but was made for {actual}");
        }
        let run = config.config().as_ref();
        Ok(InspectedImage {
            platform: platform.clone(),
            media_type: descriptor.media_type().to_string(),
            size: download_size(&parsed),
            created: config.created().clone(),
            user: run
                .and_then(|run| run.user().clone())
                .filter(|user| !user.is_empty()),
            entrypoint: run
                .and_then(|run| run.entrypoint().clone())
                .unwrap_or_default(),
            labels: run
                .and_then(|run| run.labels().clone())
                .unwrap_or_default()
                .into_iter()
                .collect(),
            annotations: parsed
                .annotations()
                .clone()
                .unwrap_or_default()
                .into_iter()
                .collect(),
            attestations: self
                .inspect_attestations(image, attestations, descriptor)
                .await?,
            recipe: None,
            digest,
        })
    }

    async fn inspect_attestations(
        &self,
        image: &str,
        attestations: &[Descriptor],
        of: &Descriptor,
    ) -> Result<Vec<InspectedAttestation>, RegistryError> {
        let mut found = Vec::new();
        for attestation in super::merge::about(attestations, of) {
            let digest = attestation.digest().to_string();
            let manifest = self.manifest(image, &digest).await?;
            let layers = match manifest {
                Some(manifest) => manifest
                    .image()
                    .map_err(|error| self.unreadable(image, &digest, error))?
                    .layers()
                    .clone(),
                // The index is what it is; the rest is worth showing.
                None => Vec::new(),
            };
            let predicate = |layer: &Descriptor| {
                let annotations = layer.annotations().as_ref()?;
                annotations.get("in-toto.io/predicate-type").cloned()
            };
            found.push(InspectedAttestation {
                predicates: layers.iter().filter_map(predicate).collect(),
                digest,
            });
        }
        Ok(found)
    }
}
