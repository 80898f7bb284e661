//! Blobs that are known to be in a repository, for mounts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use oci_spec::image::Descriptor;

use super::manifest::Manifest;

/// An image of the registry for each blob, as far as this process has seen it;
/// clones share it. From there it is mounted, not sent again.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownBlobs {
    images: Arc<Mutex<HashMap<String, String>>>,
}

impl KnownBlobs {
    /// An image has these blobs.
    pub(super) fn add<'a>(&self, image: &str, blobs: impl IntoIterator<Item = &'a Descriptor>) {
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        for blob in blobs {
            images
                .entry(blob.digest().to_string())
                .or_insert_with(|| image.to_owned());
        }
    }

    /// An image has what its manifest names.
    pub(super) fn note(&self, image: &str, manifest: &Manifest) {
        if let Ok(parsed) = manifest.image() {
            self.add(image, parsed.layers());
        }
    }

    /// Another image that has a blob.
    pub(super) fn elsewhere(&self, image: &str, digest: &str) -> Option<String> {
        let images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        images.get(digest).filter(|other| *other != image).cloned()
    }
}
