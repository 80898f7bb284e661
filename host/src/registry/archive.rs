//! OCI image layouts in tar archives (image-spec v1.1, "Image Layout").

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures_util::Stream;
use oci_client::errors::OciDistributionError;
use oci_spec::image::Descriptor;

use super::manifest::IndexView;

/// Bytes read at a time.
const CHUNK: u64 = 4 * 1024 * 1024;
/// Manifests and indexes are small; a larger one is not read.
const MANIFEST_LIMIT: u64 = 16 * 1024 * 1024;

/// An archive whose blobs are read where they lie; nothing is unpacked.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    file: Arc<File>,
    /// Offset and length of each entry.
    entries: HashMap<String, (u64, u64)>,
}

impl Archive {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
        let mut entries = HashMap::new();
        let mut tar = tar::Archive::new(&file);
        for entry in tar.entries_with_seek()? {
            let entry = entry.with_context(|| format!("{shown} is not a tar archive"))?;
            let name = entry.path()?.to_string_lossy().into_owned();
            let name = name.trim_start_matches("./").to_owned();
            entries.insert(name, (entry.raw_file_position(), entry.size()));
        }
        Ok(Self {
            file: Arc::new(file),
            entries,
        })
    }

    /// The descriptors in the layout's `index.json`.
    pub(super) fn roots(&self) -> Result<Vec<Descriptor>> {
        let index: IndexView = serde_json::from_slice(&self.read("index.json")?)
            .context("index.json of the image layout is malformed")?;
        Ok(index.manifests)
    }

    /// A whole manifest.
    pub(super) fn manifest(&self, descriptor: &Descriptor) -> Result<Bytes> {
        self.read(&blob_path(descriptor)).map(Bytes::from)
    }

    /// A blob, streamed.
    pub(super) fn blob(
        &self,
        descriptor: &Descriptor,
    ) -> Result<impl Stream<Item = Result<Bytes, OciDistributionError>> + Send + use<>> {
        let (start, size) = self.place(&blob_path(descriptor))?;
        anyhow::ensure!(
            size == descriptor.size(),
            "blob {} has {size} bytes, expected {}",
            descriptor.digest(),
            descriptor.size()
        );
        let file = Arc::clone(&self.file);
        let mut at = 0;
        Ok(futures_util::stream::iter(std::iter::from_fn(move || {
            let length = CHUNK.min(size - at);
            if length == 0 {
                return None;
            }
            let mut chunk = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
            let read = file.read_exact_at(&mut chunk, start + at);
            at += length;
            Some(read.map(|()| chunk.into()).map_err(Into::into))
        })))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>> {
        let (start, size) = self.place(name)?;
        anyhow::ensure!(size <= MANIFEST_LIMIT, "{name} is too large: {size} bytes");
        let mut bytes = vec![0; usize::try_from(size)?];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes)
    }

    fn place(&self, name: &str) -> Result<(u64, u64)> {
        self.entries
            .get(name)
            .copied()
            .with_context(|| format!("the image layout has no {name}"))
    }
}

fn blob_path(descriptor: &Descriptor) -> String {
    format!(
        "blobs/{}",
        descriptor.digest().to_string().replace(':', "/")
    )
}

/// The digest of a whole file, read in pieces.
///
/// # Errors
/// When it cannot be read.
pub fn file_sha256(path: &Path) -> Result<String> {
    use sha2::Digest as _;
    let mut file = File::open(path)?;
    let mut hash = sha2::Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(format!("sha256:{}", hex::encode(hash.finalize()))),
            read => hash.update(&piece[..read]),
        }
    }
}
