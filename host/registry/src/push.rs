//! Pushing an exported image by digest (distribution-spec v1.1, "Push"), for
//! builders that cannot do it themselves.

use std::path::Path;

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _};
use oci_spec::image::{Descriptor, ImageManifest};

use super::archive::Archive;
use super::client::Registry;
use super::manifest::{IndexView, is_index};

/// Blobs uploaded at the same time.
const PARALLEL: usize = 4;

impl Registry {
    /// Pushes the one image of an OCI layout archive, untagged, and returns what
    /// an index refers to. Blobs the registry has are not sent again; the
    /// manifest goes last.
    ///
    /// # Errors
    /// [`ExitCode::Registry`](bakehouse_core::error::ExitCode::Registry) or
    /// [`ExitCode::Credentials`](bakehouse_core::error::ExitCode::Credentials), or when
    /// the archive is not such a layout.
    pub async fn push_archive(&self, image: &str, archive: &Path) -> Result<Descriptor> {
        let path = archive.to_owned();
        let archive = tokio::task::spawn_blocking(move || Archive::open(&path)).await??;
        let mut roots = archive.roots()?;
        anyhow::ensure!(
            roots.len() == 1,
            "expected one image in the exported layout, found {}",
            roots.len()
        );
        let root = roots.remove(0);
        if is_index(root.media_type()) {
            let index: IndexView = serde_json::from_slice(&archive.manifest(&root)?)
                .context("an index in the exported layout is malformed")?;
            for child in &index.manifests {
                self.push_image(image, &archive, child).await?;
            }
            self.push_manifest(image, &archive, &root).await?;
        } else {
            self.push_image(image, &archive, &root).await?;
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
    ) -> Result<()> {
        let parsed: ImageManifest = serde_json::from_slice(&archive.manifest(manifest)?)
            .context("an image manifest in the exported layout is malformed")?;
        let mut blobs: Vec<Descriptor> = parsed.layers().clone();
        blobs.push(parsed.config().clone());
        blobs.sort_by_key(|blob| blob.digest().to_string());
        blobs.dedup_by_key(|blob| blob.digest().to_string());
        futures_util::stream::iter(blobs)
            .map(|blob| async move { self.push_blob(image, archive, &blob).await })
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
    ) -> Result<()> {
        self.put_manifest(
            image,
            descriptor.digest().as_ref(),
            archive.manifest(descriptor)?,
            descriptor.media_type(),
        )
        .await
    }
}
