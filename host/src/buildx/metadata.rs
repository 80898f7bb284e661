//! What buildx writes to `--metadata-file`.

use std::path::Path;

use anyhow::{Context as _, Result};
use oci_spec::image::Descriptor;
use serde::Deserialize;

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "containerimage.descriptor")]
    descriptor: Option<Image>,
}

/// A descriptor with whatever else; annotations are BuildKit's own notes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    media_type: String,
    digest: oci_spec::image::Digest,
    size: u64,
}

/// The image's descriptor; none where the build made no image.
pub(super) fn read(path: &Path) -> Result<Option<Descriptor>> {
    let bytes = std::fs::read(path).context("buildx wrote no metadata file")?;
    let metadata: Metadata =
        serde_json::from_slice(&bytes).context("buildx's metadata file is malformed")?;
    Ok(metadata
        .descriptor
        .map(|image| Descriptor::new(image.media_type.as_str().into(), image.size, image.digest)))
}
