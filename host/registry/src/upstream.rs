//! Facts about upstream's images, for recipes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use bakehouse_core::mirrors::Mirrors;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::Reporter;
use oci_client::{ParseError, Reference};
use oci_spec::image::Descriptor;

use super::client::{Registry, config_platform};
use super::endpoint::{Endpoint, EndpointError};
use super::error::RegistryError;
use super::inspect::Inspection;
use super::kept_manifests::KeptManifests;
use super::manifest::{Manifest, ManifestError};

/// An image of somebody else's registry cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// It does not exist, or not for this platform.
    #[error("{reference} does not exist")]
    Absent {
        /// The reference, as it was given.
        reference: String,
    },
    /// Not an image reference.
    #[error("`{text}` is not an image reference: {source}")]
    Malformed {
        /// The reference, as it was given.
        text: String,
        /// The fault of the text.
        source: ParseError,
    },
    /// A repository without a path.
    #[error("`{text}`: repositories without a `/` cannot be read")]
    NoPath {
        /// The reference, as it was given.
        text: String,
    },
    /// No registry or repository can have this name.
    #[error("`{text}`: {source}")]
    Name {
        /// The reference, as it was given.
        text: String,
        /// The fault of the name.
        source: EndpointError,
    },
    /// A request failed, or what is there cannot be understood.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Reads other people's registries.
#[derive(Clone)]
pub struct Upstream {
    reporter: Arc<dyn Reporter>,
    mirrors: Mirrors,
    kept: KeptManifests,
    clients: Arc<Mutex<HashMap<(String, String), Registry>>>,
}

impl Upstream {
    /// Retries are told to this reporter.
    #[must_use]
    pub fn new(reporter: Arc<dyn Reporter>) -> Self {
        Self {
            reporter,
            mirrors: Mirrors::default(),
            kept: KeptManifests::default(),
            clients: Arc::default(),
        }
    }

    /// Asks these mirrors for what they have.
    #[must_use]
    pub fn mirrors(mut self, mirrors: Mirrors) -> Self {
        self.mirrors = mirrors;
        self
    }

    /// Keeps what registries show, as [`Registry::keeping`].
    #[must_use]
    pub fn keeping(mut self, kept: KeptManifests) -> Self {
        self.kept = kept;
        self
    }

    /// Resolves a reference.
    ///
    /// # Errors
    /// When it does not exist, or cannot be asked for.
    pub async fn head(&self, reference: &str) -> Result<Descriptor, LookupError> {
        let (registry, image, tag) = self.open(reference)?;
        match registry.head(&image, &tag).await {
            Ok(Some(descriptor)) => Ok(descriptor),
            Ok(None) => Err(absent(reference)),
            Err(error) => Err(error.into()),
        }
    }

    /// The platforms of the index or image that a reference names.
    ///
    /// # Errors
    /// When it does not exist, or cannot be asked for.
    pub async fn platforms(&self, reference: &str) -> Result<Vec<Platform>, LookupError> {
        let (registry, image, tag) = self.open(reference)?;
        match registry.published(&image, &tag).await {
            Ok(Some(published)) => Ok(published.platforms.into_keys().collect()),
            Ok(None) => Err(absent(reference)),
            Err(error) => Err(error.into()),
        }
    }

    /// All that there is to say of the index or image that a reference names, for
    /// each of its platforms.
    ///
    /// # Errors
    /// When it does not exist, or cannot be asked for.
    pub async fn inspect(&self, reference: &str) -> Result<Inspection, LookupError> {
        let (registry, image, tag) = self.open(reference)?;
        match registry.inspect(&image, &tag).await {
            Err(RegistryError::NotFound { .. }) => Err(absent(reference)),
            inspected => Ok(inspected?),
        }
    }

    /// The platform for which the image is made that a builder which wants `wanted`
    /// gets of a reference: as its configuration says, whatever an index may say of
    /// it. None where it does not say.
    ///
    /// # Errors
    /// [`LookupError::Absent`] also where an index has no such image; when it
    /// cannot be asked for.
    pub async fn made_for(
        &self,
        reference: &str,
        wanted: &Platform,
    ) -> Result<Option<Platform>, LookupError> {
        let (registry, image, tag) = self.open(reference)?;
        let found = |read: Result<Option<Manifest>, RegistryError>| match read {
            Ok(Some(manifest)) => Ok(manifest),
            Ok(None) => Err(absent(reference)),
            Err(error) => Err(LookupError::from(error)),
        };
        // A builder has just resolved a digest there.
        let mut manifest = match tag.contains(':') {
            true => found(registry.named_manifest(&image, &tag).await)?,
            false => found(registry.manifest(&image, &tag).await)?,
        };
        let unreadable = |error: ManifestError| registry.unreadable(&image, &tag, error);
        if let Some(index) = manifest.index().map_err(unreadable)? {
            let platforms = index.platforms();
            let exact = platforms.get_key_value(wanted);
            let fitting = || platforms.iter().find(|(made, _)| made.runs_on(wanted));
            let (_, child) = exact.or_else(fitting).ok_or_else(|| absent(reference))?;
            let child = child.digest().as_ref();
            manifest = found(registry.named_manifest(&image, child).await)?;
        }
        let config = registry.named_config(&image, &manifest).await?;
        let platform = config_platform(&config).ok();
        Ok(platform.filter(|platform| platform.architecture() != "unknown"))
    }

    /// All tags of a repository.
    ///
    /// # Errors
    /// When they cannot be asked for.
    pub async fn tags(&self, repository: &str) -> Result<Vec<String>, LookupError> {
        let (registry, image, _) = self.open(repository)?;
        Ok(registry.tags(&image).await?)
    }

    /// A client, the repository's last part, and the tag or digest.
    fn open(&self, text: &str) -> Result<(Registry, String, String), LookupError> {
        let reference: Reference = text.parse().map_err(|source| LookupError::Malformed {
            text: text.to_owned(),
            source,
        })?;
        let name = format!("{}/{}", reference.registry(), reference.repository());
        let there = self.mirrors.image(&name);
        let moved: Option<Reference> = (there != name).then(|| there.parse().ok()).flatten();
        let tag = reference
            .digest()
            .or(reference.tag())
            .unwrap_or("latest")
            .to_owned();
        let reference = moved.unwrap_or(reference);
        let (namespace, image) =
            reference
                .repository()
                .rsplit_once('/')
                .ok_or_else(|| LookupError::NoPath {
                    text: text.to_owned(),
                })?;
        let endpoint = Endpoint::new(reference.resolve_registry(), namespace);
        let endpoint = endpoint.map_err(|source| LookupError::Name {
            text: text.to_owned(),
            source,
        })?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let registry = match clients.entry((endpoint.host().to_owned(), namespace.to_owned())) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(free) => {
                let registry = Registry::new(endpoint, Arc::clone(&self.reporter))?;
                free.insert(registry.keeping(self.kept.clone())).clone()
            }
        };
        Ok((registry, image.to_owned(), tag))
    }
}

fn absent(reference: &str) -> LookupError {
    LookupError::Absent {
        reference: reference.to_owned(),
    }
}
