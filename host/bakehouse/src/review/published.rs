//! Sizes of what is published of an image, for comparison.

use std::collections::BTreeMap;

use bakehouse_core::error::chain;
use bakehouse_core::platform::Platform;
use bakehouse_registry::{Registry, RegistryError};
use serde::{Deserialize, Serialize};

use crate::pipeline::discover::Discovered;

/// The newest published version of an image, and what its platforms' images weigh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PublishedSizes {
    /// Image name.
    pub image: String,
    /// Version number.
    pub version: String,
    /// Bytes to download, for each platform.
    pub sizes: BTreeMap<Platform, u64>,
}

/// Looks for the newest version of each image among those that were discovered.
/// A registry that does not tell them is no reason to stop: it is a note.
pub async fn published(
    registry: &Registry,
    discovered: &[Discovered],
) -> (Vec<PublishedSizes>, Vec<String>) {
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    for app in discovered {
        for image in app.app.images.iter().filter(|image| !image.unpublished) {
            match newest(registry, app, &image.name).await {
                Ok(sizes) => found.extend(sizes),
                Err(error) => {
                    let why = chain(&error);
                    notes.push(format!("sizes are compared with nothing: {why}"));
                    // The next one would be refused, too, and may take as long.
                    return (found, notes);
                }
            }
        }
    }
    (found, notes)
}

async fn newest(
    registry: &Registry,
    app: &Discovered,
    image: &str,
) -> Result<Option<PublishedSizes>, RegistryError> {
    for version in &app.versions {
        let inspection = match registry.inspect(image, &version.number).await {
            Err(RegistryError::NotFound { .. }) => continue,
            inspected => inspected?,
        };
        let sizes = inspection.images.into_iter();
        return Ok(Some(PublishedSizes {
            image: image.to_owned(),
            version: version.number.clone(),
            sizes: sizes.map(|image| (image.platform, image.size)).collect(),
        }));
    }
    Ok(None)
}
