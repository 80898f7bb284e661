//! OCI image layouts in tar archives (image-spec v1.1, "Image Layout").

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures_util::Stream;
use oci_spec::image::Descriptor;
use sha2::{Digest as _, Sha256};

use super::digest;
use super::manifest::IndexView;

/// Bytes read at a time.
const PIECE: u64 = 1 << 20;
/// Pieces read before they are taken.
const AHEAD: usize = 2;
/// Manifests and indexes are small; a larger one is not read.
const MANIFEST_LIMIT: u64 = 16 * 1024 * 1024;

/// An archive whose blobs are read where they lie; nothing is unpacked.
#[derive(Debug, Clone)]
pub struct Archive {
    file: Arc<File>,
    /// Offset and length of each entry.
    entries: HashMap<String, (u64, u64)>,
}

/// A part of a blob on its way.
pub(super) struct Blob {
    /// Bytes that are to come.
    pub(super) size: u64,
    /// The bytes.
    pub(super) stream: Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>,
    /// Set when the blob's digest is not what the layout says.
    pub(super) corrupt: Arc<OnceLock<String>>,
}

impl Archive {
    /// Finds what is in an archive.
    ///
    /// # Errors
    /// When it cannot be read, or is no tar archive.
    pub fn open(path: &Path) -> Result<Self> {
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

    /// A whole manifest, its digest verified.
    pub(super) fn manifest(&self, descriptor: &Descriptor) -> Result<Bytes> {
        anyhow::ensure!(
            descriptor.size() <= MANIFEST_LIMIT,
            "manifest {} is too large: {} bytes",
            descriptor.digest(),
            descriptor.size()
        );
        self.bytes(descriptor)
    }

    /// A whole blob, its digest verified.
    pub(super) fn bytes(&self, blob: &Descriptor) -> Result<Bytes> {
        let (start, size) = self.sized(blob)?;
        let mut bytes = vec![0; usize::try_from(size)?];
        self.file.read_exact_at(&mut bytes, start)?;
        let expected = blob.digest().to_string();
        digest::verify(&bytes, Some(&expected)).map_err(|_| corrupt(&expected))?;
        Ok(bytes.into())
    }

    /// The bytes of a blob from `from` on, read by a thread of its own as they
    /// are taken. The whole blob's digest is verified before its last piece is
    /// handed out; `Blob::corrupt` tells when it does not match.
    pub(super) fn blob(&self, blob: &Descriptor, from: u64) -> Result<Blob> {
        let (start, size) = self.sized(blob)?;
        let file = Arc::clone(&self.file);
        let expected = blob.digest().to_string();
        let corrupt = Arc::new(OnceLock::new());
        let verdict = Arc::clone(&corrupt);
        let (pieces, mut taken) = tokio::sync::mpsc::channel(AHEAD);
        tokio::task::spawn_blocking(move || {
            let mut hash = Sha256::new();
            let mut at = 0;
            while at < size {
                // What the registry has already is hashed, and not sent.
                let end = if at < from { from } else { size };
                let length = PIECE.min(end - at);
                let mut piece = vec![0; usize::try_from(length).unwrap_or_default()];
                if let Err(error) = file.read_exact_at(&mut piece, start + at) {
                    let _ = pieces.blocking_send(Err(error));
                    return;
                }
                hash.update(&piece);
                at += length;
                if at == size {
                    let actual = format!("sha256:{}", hex::encode(hash.finalize_reset()));
                    if actual != expected {
                        let text = self::corrupt(&expected).to_string();
                        let _ = verdict.set(text.clone());
                        let _ = pieces.blocking_send(Err(std::io::Error::other(text)));
                        return;
                    }
                }
                if at > from && pieces.blocking_send(Ok(Bytes::from(piece))).is_err() {
                    return;
                }
            }
        });
        Ok(Blob {
            size: size - from.min(size),
            stream: Box::pin(futures_util::stream::poll_fn(move |context| {
                taken.poll_recv(context)
            })),
            corrupt,
        })
    }

    /// A blob as it lies there; its digest is not verified.
    ///
    /// # Errors
    /// When the layout does not have it.
    pub fn reader(&self, blob: &Descriptor) -> Result<impl Read + use<>> {
        let (start, size) = self.sized(blob)?;
        Ok(Part {
            file: Arc::clone(&self.file),
            start,
            end: start + size,
        })
    }

    fn sized(&self, blob: &Descriptor) -> Result<(u64, u64)> {
        let (start, size) = self.place(&blob_path(blob))?;
        anyhow::ensure!(
            size == blob.size(),
            "blob {} in the exported layout has {size} bytes, expected {}",
            blob.digest(),
            blob.size()
        );
        Ok((start, size))
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

/// A part of a file; other readers of the file do not move it.
struct Part {
    file: Arc<File>,
    start: u64,
    end: u64,
}

impl Read for Part {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.end - self.start).unwrap_or(usize::MAX);
        let most = left.min(into.len());
        let room = into.get_mut(..most).unwrap_or_default();
        let read = self.file.read_at(room, self.start)?;
        self.start += read as u64;
        Ok(read)
    }
}

fn blob_path(descriptor: &Descriptor) -> String {
    format!(
        "blobs/{}",
        descriptor.digest().to_string().replace(':', "/")
    )
}

fn corrupt(digest: &str) -> anyhow::Error {
    anyhow::anyhow!("blob {digest} in the exported layout has another digest")
}
