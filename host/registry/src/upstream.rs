//! Facts about upstream's images, for recipes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use bakehouse_core::error::{ExitCode, Failure};
use bakehouse_core::mirrors::Mirrors;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::Reporter;
use bakehouse_core::recipe::CallError;
use oci_client::Reference;
use oci_spec::image::Descriptor;

use super::client::config_platform;
use super::{Endpoint, Registry};

/// Reads other people's registries.
#[derive(Clone)]
pub struct Upstream {
    reporter: Arc<dyn Reporter>,
    mirrors: Mirrors,
    clients: Arc<Mutex<HashMap<(String, String), Registry>>>,
}

impl Upstream {
    /// Retries are told to this reporter.
    #[must_use]
    pub fn new(reporter: Arc<dyn Reporter>) -> Self {
        Self {
            reporter,
            mirrors: Mirrors::default(),
            clients: Arc::default(),
        }
    }

    /// Asks these mirrors for what they have.
    #[must_use]
    pub fn mirrors(mut self, mirrors: Mirrors) -> Self {
        self.mirrors = mirrors;
        self
    }

    /// Resolves a reference.
    ///
    /// # Errors
    /// As the contract's `registry.head`.
    pub async fn head(&self, reference: &str) -> Result<Descriptor, CallError> {
        let (registry, image, tag) = self.open(reference)?;
        match registry.head(&image, &tag).await {
            Ok(Some(descriptor)) => Ok(descriptor),
            Ok(None) => Err(absent(reference)),
            Err(error) => Err(call_error(&error)),
        }
    }

    /// The platforms behind a reference.
    ///
    /// # Errors
    /// As the contract's `registry.platforms`.
    pub async fn platforms(&self, reference: &str) -> Result<Vec<Platform>, CallError> {
        let (registry, image, tag) = self.open(reference)?;
        match registry.published(&image, &tag).await {
            Ok(Some(published)) => Ok(published.platforms.into_keys().collect()),
            Ok(None) => Err(absent(reference)),
            Err(error) => Err(call_error(&error)),
        }
    }

    /// What platform the image is made for that a builder which wants `wanted`
    /// gets of a reference: what its configuration says, whatever an index may
    /// say of it. None where it does not say.
    ///
    /// # Errors
    /// [`CallError::NotFound`], or as the contract's `registry.platforms`.
    pub async fn made_for(
        &self,
        reference: &str,
        wanted: &Platform,
    ) -> Result<Option<Platform>, CallError> {
        let (registry, image, tag) = self.open(reference)?;
        let read = async |digest: &str| match registry.manifest(&image, digest).await {
            Ok(Some(manifest)) => Ok(manifest),
            Ok(None) => Err(absent(reference)),
            Err(error) => Err(call_error(&error)),
        };
        let mut manifest = read(&tag).await?;
        if let Some(index) = manifest.index().map_err(|e| call_error(&e))? {
            let platforms = index.platforms().map_err(|e| call_error(&e))?;
            let exact = platforms.get_key_value(wanted);
            let fitting = || platforms.iter().find(|(made, _)| made.runs_on(wanted));
            let (_, child) = exact.or_else(fitting).ok_or_else(|| absent(reference))?;
            manifest = read(child.digest().as_ref()).await?;
        }
        let config = registry.config(&image, &manifest).await;
        let platform = config_platform(&config.map_err(|e| call_error(&e))?).ok();
        Ok(platform.filter(|platform| platform.architecture() != "unknown"))
    }

    /// All tags of a repository.
    ///
    /// # Errors
    /// As the contract's `registry.tags`.
    pub async fn tags(&self, repository: &str) -> Result<Vec<String>, CallError> {
        let (registry, image, _) = self.open(repository)?;
        registry
            .tags(&image)
            .await
            .map_err(|error| call_error(&error))
    }

    /// A client, the repository's last part, and the tag or digest.
    fn open(&self, text: &str) -> Result<(Registry, String, String), CallError> {
        let reference: Reference = text.parse().map_err(|error| {
            CallError::InvalidInput(format!("`{text}` is not an image reference: {error}"))
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
        let (namespace, image) = reference.repository().rsplit_once('/').ok_or_else(|| {
            CallError::InvalidInput(format!(
                "`{text}`: repositories without a `/` cannot be read"
            ))
        })?;
        let invalid =
            |error: &dyn std::fmt::Display| CallError::InvalidInput(format!("`{text}`: {error}"));
        let endpoint =
            Endpoint::new(reference.resolve_registry(), namespace).map_err(|e| invalid(&e))?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let registry = match clients.entry((endpoint.host().to_owned(), namespace.to_owned())) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(free) => {
                let registry = Registry::new(endpoint, Arc::clone(&self.reporter));
                free.insert(registry.map_err(|e| invalid(&e))?).clone()
            }
        };
        Ok((registry, image.to_owned(), tag))
    }
}

fn absent(reference: &str) -> CallError {
    CallError::NotFound(format!("{reference} does not exist"))
}

fn call_error(error: &anyhow::Error) -> CallError {
    match Failure::find(error).map(Failure::code) {
        Some(ExitCode::Credentials) => CallError::Denied(error.to_string()),
        _ => CallError::Unavailable(format!("{error:#}")),
    }
}
