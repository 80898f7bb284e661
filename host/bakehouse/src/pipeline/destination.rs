//! The destination of images, and what said so.

use std::fmt;

use bakehouse_registry::Endpoint;
use serde::{Deserialize, Serialize};

use crate::config::Settings;

/// The place where images are published, with their versions and platforms, and the
/// origin of each setting: a variable of the environment redirects a publish as
/// well as a flag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Destination {
    /// `local`, or `host[:port]`.
    pub registry: String,
    /// The origin of the registry: a flag, an environment variable,
    /// `bakehouse.toml`.
    pub registry_from: String,
    /// Path between registry and image name.
    pub namespace: String,
    /// The origin of the namespace.
    pub namespace_from: String,
    /// Platforms of this run.
    pub platforms: Vec<String>,
    /// The origin of the platforms.
    pub platforms_from: String,
    /// The number of the newest versions that are looked at.
    pub max_versions: u32,
    /// The origin of that number.
    pub max_versions_from: String,
}

impl Destination {
    /// Says that it is known: something may fail before it is.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        !self.registry.is_empty()
    }

    /// The destination of these settings.
    #[must_use]
    pub fn new(settings: &Settings, endpoint: &Endpoint) -> Self {
        let origins = &settings.origins;
        let platforms = settings.scope.only().iter();
        Self {
            registry: endpoint.to_string(),
            registry_from: origins.registry.to_string(),
            namespace: settings.namespace.clone(),
            namespace_from: origins.namespace.to_string(),
            platforms: platforms.map(ToString::to_string).collect(),
            platforms_from: origins.platforms.to_string(),
            max_versions: settings.max_versions.get(),
            max_versions_from: origins.max_versions.to_string(),
        }
    }
}

impl fmt::Display for Destination {
    /// `ghcr.io/acme (registry: environment variable REGISTRY, namespace:
    /// bakehouse.toml), linux/amd64 (--platform), newest 10 versions (default)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{} (registry: {}, namespace: {}), {} ({}), newest {} ({})",
            self.registry,
            self.namespace,
            self.registry_from,
            self.namespace_from,
            self.platforms.join(", "),
            self.platforms_from,
            match self.max_versions {
                1 => "version".to_owned(),
                count => format!("{count} versions"),
            },
            self.max_versions_from
        )
    }
}
