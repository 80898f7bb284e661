//! OCI image layouts in tar archives (image-spec v1.1, "Image Layout").

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures_util::Stream;
use oci_spec::image::{Descriptor, ImageManifest};
use sha2::{Digest as _, Sha256};

use super::digest;
use super::index_view::IndexView;
use super::json;
use super::odd_entry::OddEntry;

/// Bytes read at a time.
const PIECE: u64 = 1 << 20;
/// Pieces read before they are taken.
const AHEAD: usize = 2;
/// Manifests and indexes are small; a larger one is not read.
const MANIFEST_LIMIT: u64 = 16 * 1024 * 1024;

/// An archive is no image layout, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// The file system refuses it.
    #[error("cannot open {}", path.display())]
    Open {
        /// The archive.
        path: PathBuf,
        /// The error that opening it ended with.
        #[source]
        source: io::Error,
    },
    /// It is something else.
    #[error("{} is not a tar archive", path.display())]
    NotTar {
        /// The archive.
        path: PathBuf,
        /// The error that reading it as tar ended with.
        #[source]
        source: io::Error,
    },
    /// It broke off while it was read.
    #[error("cannot read the exported layout")]
    Read(#[from] io::Error),
    /// A file of the layout is missing.
    #[error("the image layout has no {0}")]
    Missing(String),
    /// An index or manifest is larger than any that is read.
    #[error("{name} is too large: {size} bytes")]
    TooLarge {
        /// Its name, or `manifest DIGEST`.
        name: String,
        /// Bytes.
        size: u64,
    },
    /// A blob has another size than its descriptor says.
    #[error("blob {digest} in the exported layout has {size} bytes, expected {expected}")]
    Size {
        /// The blob.
        digest: String,
        /// Bytes that it has.
        size: u64,
        /// Bytes of its descriptor.
        expected: u64,
    },
    /// A blob holds something else than its digest says.
    #[error("blob {0} in the exported layout has another digest")]
    Corrupt(String),
    /// An index or manifest is no JSON of its form.
    #[error("{what} is malformed")]
    Malformed {
        /// The index or manifest that it is, in words.
        what: &'static str,
        /// The error in its JSON.
        #[source]
        source: serde_json::Error,
    },
    /// An entry of an index points at nothing.
    #[error("{what} is malformed")]
    Entry {
        /// The index that it is, in words.
        what: &'static str,
        /// The fault of the entry.
        #[source]
        source: OddEntry,
    },
    /// It has no image, or several.
    #[error("expected one image in the exported layout, found {0}")]
    NotOne(usize),
}

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
    pub(super) stream: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    /// Set when the blob's digest is not what the layout says.
    pub(super) corrupt: Arc<OnceLock<()>>,
}

impl Archive {
    /// Finds what is in an archive.
    ///
    /// # Errors
    /// When it cannot be read, or is no tar archive.
    pub fn open(path: &Path) -> Result<Self, LayoutError> {
        let file = File::open(path).map_err(|source| LayoutError::Open {
            path: path.to_owned(),
            source,
        })?;
        let not_tar = |source| LayoutError::NotTar {
            path: path.to_owned(),
            source,
        };
        let mut entries = HashMap::new();
        let mut tar = tar::Archive::new(&file);
        for entry in tar.entries_with_seek().map_err(not_tar)? {
            let entry = entry.map_err(not_tar)?;
            let name = entry
                .path()
                .map_err(not_tar)?
                .to_string_lossy()
                .into_owned();
            let name = name.trim_start_matches("./").to_owned();
            entries.insert(name, (entry.raw_file_position(), entry.size()));
        }
        Ok(Self {
            file: Arc::new(file),
            entries,
        })
    }

    /// The descriptors in the layout's `index.json`.
    pub(super) fn roots(&self) -> Result<Vec<Descriptor>, LayoutError> {
        let index = self.read("index.json")?;
        index_view("index.json of the image layout", &index).map(|index| index.manifests)
    }

    /// A whole manifest, its digest verified.
    pub(super) fn manifest(&self, descriptor: &Descriptor) -> Result<Bytes, LayoutError> {
        let name = || format!("manifest {}", descriptor.digest());
        limited(name, descriptor.size())?;
        self.bytes(descriptor)
    }

    /// A whole blob, its digest verified.
    pub(super) fn bytes(&self, blob: &Descriptor) -> Result<Bytes, LayoutError> {
        let (start, size) = self.sized(blob)?;
        let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, start)?;
        let expected = blob.digest().to_string();
        digest::verify(&bytes, Some(&expected)).map_err(|_| LayoutError::Corrupt(expected))?;
        Ok(bytes.into())
    }

    /// The bytes of a blob from `from` on, read by a thread of its own as they
    /// are taken. The whole blob's digest is verified before its last piece is
    /// handed out; `Blob::corrupt` tells when it does not match.
    pub(super) fn blob(&self, blob: &Descriptor, from: u64) -> Result<Blob, LayoutError> {
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
                        let _ = verdict.set(());
                        let corrupt = LayoutError::Corrupt(expected);
                        let _ = pieces.blocking_send(Err(io::Error::other(corrupt)));
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
    pub fn reader(&self, blob: &Descriptor) -> Result<impl Read + use<>, LayoutError> {
        let (start, size) = self.sized(blob)?;
        Ok(Part {
            file: Arc::clone(&self.file),
            start,
            end: start + size,
        })
    }

    fn sized(&self, blob: &Descriptor) -> Result<(u64, u64), LayoutError> {
        let (start, size) = self.place(&blob_path(blob))?;
        if size != blob.size() {
            return Err(LayoutError::Size {
                digest: blob.digest().to_string(),
                size,
                expected: blob.size(),
            });
        }
        Ok((start, size))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, LayoutError> {
        let (start, size) = self.place(name)?;
        limited(|| name.to_owned(), size)?;
        let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes)
    }

    fn place(&self, name: &str) -> Result<(u64, u64), LayoutError> {
        let place = self.entries.get(name).copied();
        place.ok_or_else(|| LayoutError::Missing(name.to_owned()))
    }
}

/// Refuses an index or manifest that is too large to be read.
fn limited(name: impl Fn() -> String, size: u64) -> Result<(), LayoutError> {
    match size <= MANIFEST_LIMIT {
        true => Ok(()),
        false => Err(LayoutError::TooLarge { name: name(), size }),
    }
}

/// An index of a layout. What it names is to be pushed, so nothing of it may be
/// no descriptor.
pub(super) fn index_view(what: &'static str, bytes: &[u8]) -> Result<IndexView, LayoutError> {
    let index = IndexView::read(bytes);
    let index = index.map_err(|source| LayoutError::Malformed { what, source })?;
    match index.broken() {
        None => Ok(index),
        Some(source) => Err(LayoutError::Entry {
            what,
            source: source.clone(),
        }),
    }
}

/// An image manifest of a layout.
pub(super) fn image(what: &'static str, bytes: &[u8]) -> Result<ImageManifest, LayoutError> {
    json::image(bytes).map_err(|source| LayoutError::Malformed { what, source })
}

/// A part of a file; other readers of the file do not move it.
struct Part {
    file: Arc<File>,
    start: u64,
    end: u64,
}

impl Read for Part {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
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
