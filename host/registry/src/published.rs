//! The content of a tag, and the platforms that it is for.

use std::collections::BTreeMap;

use bakehouse_core::platform::Platform;
use oci_spec::image::{Descriptor, ImageConfiguration};

use super::client::{Registry, config_platform};
use super::error::RegistryError;
use super::look::Looked;
use super::manifest::{Manifest, ManifestError};

/// The image or index that is published under a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The index, or the single image's manifest.
    pub descriptor: Descriptor,
    /// The same, as it is.
    pub manifest: Manifest,
    /// The image manifest of each platform.
    pub platforms: BTreeMap<Platform, Descriptor>,
    /// Descriptors in the index that are no images: attestations.
    pub attestations: Vec<Descriptor>,
    /// Annotations of the index.
    pub annotations: BTreeMap<String, String>,
    /// Digest of the recipe that made each platform's image, where it is known.
    pub recipes: BTreeMap<Platform, Option<String>>,
}

/// The way in which a registry has shown something.
enum Seen {
    /// By its digest.
    Named,
    /// Whole: it must be there.
    There,
    /// Whole, with the configuration of this digest.
    WithConfig(String, Box<ImageConfiguration>),
}

impl Registry {
    /// The image or index that is published under a tag or digest, with its
    /// platforms; none when the registry does not have it.
    ///
    /// # Errors
    /// When a request fails, or the manifest cannot be understood.
    pub async fn published(
        &self,
        image: &str,
        tag_or_digest: &str,
    ) -> Result<Option<Published>, RegistryError> {
        if tag_or_digest.contains(':') {
            return self.read_published(image, tag_or_digest).await;
        }
        let manifest = match self.look(image, tag_or_digest).await? {
            Looked::Absent => return Ok(None),
            Looked::Whole(manifest) => manifest,
            // By digest first: the tag may move in between.
            Looked::Head(head) => {
                let named = self.named_manifest(image, head.digest().as_ref()).await?;
                match named {
                    Some(manifest) => manifest,
                    None => return self.read_published(image, tag_or_digest).await,
                }
            }
        };
        let understood = self.understood(image, tag_or_digest, manifest, Seen::Named);
        understood.await.map(Some)
    }

    /// The same for who wants its images: an index without any is an error, where a
    /// plan has them built.
    ///
    /// # Errors
    /// As [`published`](Self::published), and [`ManifestError::NoImages`].
    pub async fn pullable(
        &self,
        image: &str,
        tag_or_digest: &str,
    ) -> Result<Option<Published>, RegistryError> {
        let published = self.published(image, tag_or_digest).await?;
        match published {
            Some(published) if published.platforms.is_empty() => {
                let digest = published.descriptor.digest().to_string();
                Err(self.unreadable(image, tag_or_digest, ManifestError::NoImages { digest }))
            }
            published => Ok(published),
        }
    }

    /// The same of a digest that the registry has named, as
    /// [`named_manifest`](Self::named_manifest).
    ///
    /// # Errors
    /// As [`published`](Self::published).
    pub async fn named(
        &self,
        image: &str,
        digest: &str,
    ) -> Result<Option<Published>, RegistryError> {
        let Some(manifest) = self.named_manifest(image, digest).await? else {
            return Ok(None);
        };
        let understood = self.understood(image, digest, manifest, Seen::Named);
        understood.await.map(Some)
    }

    /// The same by `GET` alone, for who is about to write: what exists must not
    /// be missed.
    pub(super) async fn read_published(
        &self,
        image: &str,
        tag_or_digest: &str,
    ) -> Result<Option<Published>, RegistryError> {
        let Some(manifest) = self.manifest(image, tag_or_digest).await? else {
            return Ok(None);
        };
        let understood = self.understood(image, tag_or_digest, manifest, Seen::There);
        understood.await.map(Some)
    }

    /// The image or index that was just pushed by digest. Where it is known which
    /// configuration it has, that is read at the same time.
    ///
    /// # Errors
    /// As [`published`](Self::published); also when the registry does not have
    /// it, even after a while.
    pub async fn pushed(
        &self,
        image: &str,
        digest: &str,
        config: Option<&str>,
    ) -> Result<Published, RegistryError> {
        let (manifest, config) = tokio::join!(
            self.read_manifest(image, digest, true),
            self.config_ahead(image, config)
        );
        let manifest = manifest?.ok_or_else(|| RegistryError::Lost {
            reference: self.endpoint().show(image, digest),
        })?;
        let seen = config.unwrap_or(Seen::There);
        self.understood(image, digest, manifest, seen).await
    }

    /// A configuration before its manifest is read; none where it is not there yet,
    /// or cannot be read: the manifest decides.
    async fn config_ahead(&self, image: &str, digest: Option<&str>) -> Option<Seen> {
        let digest = digest?;
        let what = format!("reading {}", self.endpoint().show(image, digest));
        let config = self.read_config(image, digest, &what, false).await.ok()?;
        Some(Seen::WithConfig(digest.to_owned(), Box::new(config)))
    }

    async fn understood(
        &self,
        image: &str,
        tag_or_digest: &str,
        manifest: Manifest,
        seen: Seen,
    ) -> Result<Published, RegistryError> {
        let unreadable = |error: ManifestError| self.unreadable(image, tag_or_digest, error);
        manifest.refuse_artifact().map_err(unreadable)?;
        let Some(index) = manifest.index().map_err(unreadable)? else {
            let config = match seen {
                Seen::Named => self.named_config(image, &manifest).await?,
                Seen::WithConfig(digest, config)
                    if digest == self.config_digest(image, &manifest)? =>
                {
                    *config
                }
                Seen::There | Seen::WithConfig(..) => self.config(image, &manifest).await?,
            };
            let platform = config_platform(&config).map_err(|error| unreadable(error.into()))?;
            return Ok(Published {
                recipes: BTreeMap::from([(platform.clone(), None)]),
                platforms: BTreeMap::from([(platform, manifest.descriptor().clone())]),
                descriptor: manifest.descriptor().clone(),
                manifest,
                attestations: Vec::new(),
                annotations: BTreeMap::new(),
            });
        };
        let platforms = index.platforms();
        if let Some(first) = index.odd().next() {
            if platforms.is_empty() {
                let digest = manifest.descriptor().digest().to_string();
                return Err(unreadable(ManifestError::NoEntry {
                    digest,
                    source: first,
                }));
            }
            let count = index.odd().count();
            let reference = self.endpoint().show(image, tag_or_digest);
            self.transport.tell(format!(
                "{reference}: {count} of the entries of its index are left out, the first since {first}"
            ));
        }
        Ok(Published {
            descriptor: manifest.descriptor().clone(),
            platforms,
            recipes: index.recipes(),
            attestations: index.attestations(),
            annotations: index.annotations,
            manifest,
        })
    }
}
