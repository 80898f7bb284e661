//! An image as an archive that `docker load` takes (Docker Image Specification
//! v1.2, "Combined Image JSON + Filesystem Changeset Format"): every engine does,
//! wherever it is, and asks no registry for it.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use bakehouse_core::storage_error::At as _;
use bakehouse_registry::Registry;
use oci_spec::image::Descriptor;
use serde_json::json;

/// An image that is to be packed.
pub(super) struct Image<'a> {
    /// The image's name in its registry.
    pub(super) image: &'a str,
    /// Its configuration.
    pub(super) config: &'a Descriptor,
    /// Its layers, the lowest first.
    pub(super) layers: &'a [Descriptor],
    /// The name that the engine is to give it.
    pub(super) name: &'a str,
}

/// Packs an image of a registry into a file.
///
/// # Errors
/// When the registry does not hand it out, or the file system refuses.
pub(super) async fn pack(registry: &Registry, image: Image<'_>, path: &Path) -> Result<()> {
    let blobs = std::iter::once(image.config).chain(image.layers);
    let blobs = blobs.map(|blob| {
        (
            file_name(blob),
            blob.size(),
            registry.blob_reader(image.image, blob),
        )
    });
    let blobs: Vec<_> = blobs.collect();
    let layers: Vec<String> = image.layers.iter().map(file_name).collect();
    let manifest = json!([{
        "Config": file_name(image.config), "RepoTags": [image.name], "Layers": layers,
    }]);
    let manifest = manifest.to_string();
    let file = File::create(path).at("create", path)?;
    let write = move || {
        let mut archive = tar::Builder::new(BufWriter::new(file));
        let mut written = Vec::new();
        for (name, size, reader) in blobs {
            // Two layers may be the same.
            if !written.contains(&name) {
                add(&mut archive, &name, size, reader)?;
                written.push(name);
            }
        }
        add(
            &mut archive,
            "manifest.json",
            manifest.len() as u64,
            manifest.as_bytes(),
        )?;
        archive.into_inner()?.flush()
    };
    let written = tokio::task::spawn_blocking(write).await?;
    written.with_context(|| format!("packing {} for the engine", image.name))
}

fn file_name(blob: &Descriptor) -> String {
    blob.digest().to_string().replace(':', "-")
}

fn add(
    archive: &mut tar::Builder<BufWriter<File>>,
    name: &str,
    size: u64,
    reader: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    archive.append_data(&mut header, name, reader.take(size))
}
