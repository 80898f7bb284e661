//! The content that a manifest needs to be whole.

use serde::Deserialize;

#[derive(Deserialize)]
struct Content {
    config: Option<Part>,
    #[serde(default)]
    layers: Vec<Part>,
    /// Of an artifact manifest.
    #[serde(default)]
    blobs: Vec<Part>,
    #[serde(default)]
    manifests: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    digest: String,
    size: u64,
}

/// Digest and size of the blobs that an image manifest names.
pub(super) fn blobs(manifest: &[u8]) -> Vec<(String, u64)> {
    let Ok(content) = serde_json::from_slice::<Content>(manifest) else {
        return Vec::new();
    };
    let parts = content.config.into_iter().chain(content.layers);
    parts
        .chain(content.blobs)
        .map(|part| (part.digest, part.size))
        .collect()
}

/// Digests of the manifests that an index names.
pub(super) fn children(manifest: &[u8]) -> Vec<String> {
    let content = serde_json::from_slice::<Content>(manifest).ok();
    let children = content.map_or_else(Vec::new, |content| content.manifests);
    children.into_iter().map(|part| part.digest).collect()
}
