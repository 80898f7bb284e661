//! Facts about upstream's images, for recipes.

use oci_spec::image::Descriptor;

use crate::platform::Platform;
use crate::recipe::CallError;

/// Reads other people's registries.
#[derive(Debug, Clone, Default)]
pub struct Upstream;

impl Upstream {
    /// Resolves a reference.
    ///
    /// # Errors
    /// As the contract's `registry.head`.
    pub async fn head(&self, reference: &str) -> Result<Descriptor, CallError> {
        Err(CallError::Unavailable(reference.to_owned()))
    }

    /// The platforms behind a reference.
    ///
    /// # Errors
    /// As the contract's `registry.platforms`.
    pub async fn platforms(&self, reference: &str) -> Result<Vec<Platform>, CallError> {
        Err(CallError::Unavailable(reference.to_owned()))
    }

    /// All tags of a repository.
    ///
    /// # Errors
    /// As the contract's `registry.tags`.
    pub async fn tags(&self, repository: &str) -> Result<Vec<String>, CallError> {
        Err(CallError::Unavailable(repository.to_owned()))
    }
}
