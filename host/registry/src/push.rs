//! Pushing an exported image by digest (distribution-spec v1.1, "Push"), for
//! builders that cannot do it themselves.

use std::path::Path;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _};
use oci_spec::image::Descriptor;

use super::archive::{Archive, LayoutError, image as image_manifest, index_view};
use super::client::Registry;
use super::error::RegistryError;
use super::manifest::is_index;

/// An image layout was not pushed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The layout cannot be read.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The registry does not take it.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Blobs uploaded at the same time.
const PARALLEL: usize = 4;

/// Bytes on their way into the registry, told as they get there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// These went over the wire.
    Bytes(u64),
    /// These were there already, or were mounted from another image.
    Skipped(u64),
}

/// Told what becomes of the bytes of an image, from any task.
pub type Told = Arc<dyn Fn(Sent) + Send + Sync>;

impl Registry {
    /// Pushes the one image of an OCI layout archive, untagged, and returns what
    /// an index refers to. Blobs the registry has are not sent again; the
    /// manifest goes last.
    ///
    /// # Errors
    /// When the archive is not such a layout, or the registry does not take it.
    pub async fn push_archive(&self, image: &str, archive: &Path) -> Result<Descriptor, PushError> {
        self.push_archive_told(image, archive, Arc::new(|_| {}))
            .await
    }

    /// The same; what becomes of the bytes of its blobs is told meanwhile. Bytes
    /// that were sent twice, since a connection broke, are told twice.
    ///
    /// # Errors
    /// As [`push_archive`](Self::push_archive).
    pub async fn push_archive_told(
        &self,
        image: &str,
        archive: &Path,
        told: Told,
    ) -> Result<Descriptor, PushError> {
        let path = archive.to_owned();
        let archive = tokio::task::spawn_blocking(move || Archive::open(&path)).await;
        let archive = archive.map_err(|error| LayoutError::Read(error.into()))??;
        let mut roots = archive.roots()?;
        if roots.len() != 1 {
            return Err(LayoutError::NotOne(roots.len()).into());
        }
        let root = roots.remove(0);
        if is_index(root.media_type()) {
            let index = archive.manifest(&root)?;
            let index = index_view("an index in the exported layout", &index)?;
            for child in &index.manifests {
                self.push_image(image, &archive, child, &told).await?;
            }
            self.push_manifest(image, &archive, &root).await?;
        } else {
            self.push_image(image, &archive, &root, &told).await?;
        }
        Ok(Descriptor::new(
            root.media_type().clone(),
            root.size(),
            root.digest().clone(),
        ))
    }

    async fn push_image(
        &self,
        image: &str,
        archive: &Archive,
        manifest: &Descriptor,
        told: &Told,
    ) -> Result<(), PushError> {
        let parsed = archive.manifest(manifest)?;
        let parsed = image_manifest("an image manifest in the exported layout", &parsed)?;
        let mut blobs: Vec<Descriptor> = parsed.layers().clone();
        blobs.push(parsed.config().clone());
        blobs.sort_by_key(|blob| blob.digest().to_string());
        blobs.dedup_by_key(|blob| blob.digest().to_string());
        futures_util::stream::iter(blobs)
            .map(|blob| async move { self.push_blob(image, archive, &blob, told).await })
            .buffer_unordered(PARALLEL)
            .try_collect::<()>()
            .await?;
        self.blobs.add(image, parsed.layers());
        self.push_manifest(image, archive, manifest).await
    }

    async fn push_manifest(
        &self,
        image: &str,
        archive: &Archive,
        descriptor: &Descriptor,
    ) -> Result<(), PushError> {
        let digest = descriptor.digest().as_ref();
        let bytes = archive.manifest(descriptor)?;
        self.put_manifest(image, digest, bytes, descriptor.media_type())
            .await?;
        Ok(())
    }
}
