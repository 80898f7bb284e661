//! What an app's recipe may ask for.

use serde::{Deserialize, Serialize};

use crate::recipe::CallError;

/// Grants of one app, from the `[grants]` table of its `app.toml`. Everything
/// that is not listed is denied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Grants {
    /// Release sources, as `kind:name`. Their assets may be downloaded.
    pub releases: Vec<String>,
    /// URL prefixes for other downloads, up to and including a `/`.
    pub downloads: Vec<String>,
    /// Images the app may publish, by repository name.
    pub images: Vec<String>,
    /// References or repositories its recipe may look up and its Dockerfiles
    /// may start from.
    pub bases: Vec<String>,
    /// `RUN` steps may use the network.
    pub network: bool,
}

impl Grants {
    /// May the recipe read this release source?
    ///
    /// # Errors
    /// [`CallError::Denied`] naming the line to add.
    pub fn release(&self, app: &str, source: &str) -> Result<(), CallError> {
        allow(
            self.releases.iter().any(|s| s == source),
            app,
            "releases",
            source,
        )
    }

    /// May the app publish this image?
    ///
    /// # Errors
    /// [`CallError::Denied`] naming the line to add.
    pub fn image(&self, app: &str, image: &str) -> Result<(), CallError> {
        allow(self.images.iter().any(|s| s == image), app, "images", image)
    }

    /// May the recipe download this URL, which no granted source listed?
    ///
    /// # Errors
    /// [`CallError::Denied`] naming the line to add.
    pub fn download(&self, app: &str, url: &str) -> Result<(), CallError> {
        let granted = self
            .downloads
            .iter()
            .any(|prefix| prefix.ends_with('/') && url.starts_with(prefix.as_str()));
        allow(granted, app, "downloads", url)
    }

    /// May the app look up or start from this reference?
    ///
    /// # Errors
    /// [`CallError::Denied`] naming the line to add.
    pub fn base(&self, app: &str, reference: &str) -> Result<(), CallError> {
        let granted = self.bases.iter().any(|base| {
            reference
                .strip_prefix(base.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
        });
        allow(granted, app, "bases", reference)
    }

    /// May `RUN` steps use the network?
    ///
    /// # Errors
    /// [`CallError::Denied`] naming the line to add.
    pub fn network(&self, app: &str) -> Result<(), CallError> {
        if self.network {
            return Ok(());
        }
        Err(CallError::Denied(format!(
            "RUN steps of {app} have no network; add `network = true` under [grants] in apps/{app}/app.toml"
        )))
    }
}

fn allow(granted: bool, app: &str, key: &str, value: &str) -> Result<(), CallError> {
    if granted {
        return Ok(());
    }
    Err(CallError::Denied(format!(
        "{app} has no grant for {value}; add \"{value}\" to `{key}` under [grants] in apps/{app}/app.toml"
    )))
}
