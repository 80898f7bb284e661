//! Blobs on disk: written as they come, and served only when they are whole.
//!
//! `<folder>/<algorithm>/<2 hex digits>/<rest>`, the layout of ferro-blob-store. A
//! file's digest is verified when it is stored; that it has not been touched since
//! is told by its stamp, which `<folder>/verified` keeps. Without a stamp, or with
//! another, a file is hashed before it counts.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bakehouse_system::storage;
use bytes::Bytes;
use ferro_blob_store::{BlobStore, BlobStoreError, Digest, DigestAlgo};
use sha2::{Digest as _, Sha256, Sha512};

/// Bytes of all stamps; with more, what is old is hashed again.
const MAX_STAMPS: u64 = 64 << 20;
/// Lines of blobs that are told again before the file is written anew.
const SPARE: usize = 1000;

/// The payload that every registry has (image-spec v1.1, "Guidance for an Empty
/// Descriptor").
const EMPTY: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// A folder of blobs. Clones share what is known of it.
#[derive(Debug, Clone)]
pub(super) struct Blobs {
    folder: PathBuf,
    stamps: Arc<Mutex<HashMap<String, Stamp>>>,
}

/// The marks of a file that change when its content does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    inode: u64,
}

/// The reasons why a blob cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Damage {
    /// There is no such file.
    #[error("is missing")]
    Missing,
    /// It has another size than its descriptor says.
    #[error("has {found} of {expected} bytes")]
    Size {
        /// Bytes of the file.
        found: u64,
        /// Bytes of the descriptor.
        expected: u64,
    },
    /// It holds something else.
    #[error("holds something else than was stored")]
    Content,
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::Missing,
            _ => Self::Unreadable(error.to_string()),
        }
    }
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }

    fn line(&self, digest: &str) -> String {
        let Self {
            size,
            modified: (m, mn),
            changed: (c, cn),
            inode,
        } = self;
        format!("{digest} {size} {m} {mn} {c} {cn} {inode}\n")
    }

    fn parse(line: &str) -> Option<(String, Self)> {
        let mut words = line.split(' ');
        let digest = words.next()?.to_owned();
        let mut number = || words.next()?.parse::<i64>().ok();
        let size = u64::try_from(number()?).ok()?;
        let (modified, changed) = ((number()?, number()?), (number()?, number()?));
        let inode = u64::try_from(number()?).ok()?;
        let stamp = Self {
            size,
            modified,
            changed,
            inode,
        };
        Some((digest, stamp))
    }
}

impl Blobs {
    /// The blobs below a folder.
    pub(super) fn open(folder: &Path) -> Self {
        let file = folder.join("verified");
        let text = storage::read_text(&file, MAX_STAMPS).unwrap_or_default();
        let stamps: HashMap<_, _> = text.lines().filter_map(Stamp::parse).collect();
        // Each upload adds a line. What cannot be rewritten is so next time.
        if text.lines().count() > 2 * stamps.len() + SPARE {
            let lines = stamps.iter().map(|(digest, stamp)| stamp.line(digest));
            let _ = storage::write(&file, lines.collect::<String>().as_bytes());
        }
        Self {
            folder: folder.to_owned(),
            stamps: Arc::new(Mutex::new(stamps)),
        }
    }

    /// Whether it is the one payload that needs no file.
    pub(super) fn is_empty_payload(digest: &str) -> bool {
        digest == EMPTY
    }

    /// The path where a blob is, or is to be.
    pub(super) fn path(&self, digest: &Digest) -> PathBuf {
        let (first, rest) = digest.hex().split_at(2);
        let algorithm = self.folder.join(digest.algo().prefix());
        algorithm.join(first).join(rest)
    }

    /// Checks that a blob is there as it was stored, and says how large it is. A
    /// file that was touched is hashed.
    pub(super) fn verify(&self, digest: &Digest, expected: Option<u64>) -> Result<u64, Damage> {
        let path = self.path(digest);
        let metadata = fs::metadata(&path)?;
        let stamp = Stamp::of(&metadata);
        if let Some(expected) = expected
            && expected != stamp.size
        {
            return Err(Damage::Size {
                found: stamp.size,
                expected,
            });
        }
        let text = digest.to_string();
        let known = self.stamps().get(&text).copied();
        if known != Some(stamp) {
            if hash(digest.algo(), storage::open(&path)?)? != digest.hex() {
                return Err(Damage::Content);
            }
            self.note(&text, stamp);
        }
        Ok(stamp.size)
    }

    /// Takes a file that holds a blob, its digest verified, in place of whatever
    /// was there.
    pub(super) fn take(&self, file: &Path, digest: &Digest) -> io::Result<()> {
        let path = self.path(digest);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::rename(file, &path)?;
        self.note(&digest.to_string(), Stamp::of(&fs::metadata(&path)?));
        Ok(())
    }

    fn note(&self, digest: &str, stamp: Stamp) {
        self.stamps().insert(digest.to_owned(), stamp);
        let line = stamp.line(digest);
        let written = storage::append(&self.folder.join("verified"), line.as_bytes());
        if let Err(error) = written {
            // Then it is hashed again some day.
            tracing::debug!(%error, "a blob's stamp cannot be kept");
        }
    }

    fn stamps(&self) -> std::sync::MutexGuard<'_, HashMap<String, Stamp>> {
        self.stamps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The digest of a file's content, in hexadecimal digits.
pub(super) fn hash(algorithm: DigestAlgo, mut file: File) -> io::Result<String> {
    let (mut sha256, mut sha512) = (Sha256::new(), Sha512::new());
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer)?;
        let piece = buffer.get(..read).unwrap_or_default();
        match algorithm {
            _ if read == 0 => break,
            DigestAlgo::Sha512 => sha512.update(piece),
            _ => sha256.update(piece),
        }
    }
    Ok(match algorithm {
        DigestAlgo::Sha512 => hex::encode(sha512.finalize()),
        _ => hex::encode(sha256.finalize()),
    })
}

/// For ferro-oci-server, which asks for blobs when a manifest is put. Their bytes
/// never pass through it.
#[async_trait]
impl BlobStore for Blobs {
    async fn put(&self, digest: &Digest, bytes: Bytes) -> ferro_blob_store::Result<()> {
        let mut part = tempfile::NamedTempFile::new_in(&self.folder)?;
        part.write_all(&bytes)?;
        let computed = hash(digest.algo(), File::open(part.path())?)?;
        if computed != digest.hex() {
            return Err(BlobStoreError::DigestMismatch {
                expected: digest.to_string(),
                computed,
            });
        }
        Ok(self.take(&part.into_temp_path(), digest)?)
    }

    async fn get(&self, digest: &Digest) -> ferro_blob_store::Result<Bytes> {
        match self.contains(digest).await? {
            true => Ok(tokio::fs::read(self.path(digest)).await?.into()),
            false => Err(BlobStoreError::NotFound(digest.to_string())),
        }
    }

    async fn contains(&self, digest: &Digest) -> ferro_blob_store::Result<bool> {
        let (blobs, digest) = (self.clone(), digest.clone());
        let verified = tokio::task::spawn_blocking(move || blobs.verify(&digest, None));
        match verified.await.map_err(io::Error::other)? {
            Ok(_) => Ok(true),
            Err(Damage::Unreadable(why)) => Err(io::Error::other(why).into()),
            Err(_) => Ok(false),
        }
    }

    async fn delete(&self, _: &Digest) -> ferro_blob_store::Result<()> {
        Err(io::Error::from(ErrorKind::Unsupported).into())
    }

    async fn list(&self) -> ferro_blob_store::Result<Vec<Digest>> {
        Err(io::Error::from(ErrorKind::Unsupported).into())
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn stored(folder: &Path, content: &[u8]) -> (Blobs, Digest) {
        let blobs = Blobs::open(folder);
        let digest = Digest::sha256_of(content);
        let part = folder.join("part");
        fs::write(&part, content).unwrap();
        blobs.take(&part, &digest).unwrap();
        (blobs, digest)
    }

    #[test]
    fn what_was_touched_is_hashed_again() {
        let folder = tempfile::tempdir().unwrap();
        let (blobs, digest) = stored(folder.path(), b"hello");
        assert_eq!(blobs.verify(&digest, Some(5)), Ok(5));
        let path = blobs.path(&digest);
        let read = |blobs: &Blobs| blobs.verify(&digest, Some(5));

        fs::write(&path, b"jello").unwrap();
        assert_eq!(read(&blobs), Err(Damage::Content));
        assert_eq!(read(&Blobs::open(folder.path())), Err(Damage::Content));
        fs::write(&path, b"h").unwrap();
        let short = Damage::Size {
            found: 1,
            expected: 5,
        };
        assert_eq!(read(&blobs), Err(short));
        assert_eq!(blobs.verify(&digest, None), Err(Damage::Content));
        fs::remove_file(&path).unwrap();
        assert_eq!(read(&blobs), Err(Damage::Missing));

        // What is no file is not waited for, nor is what stamps are kept in.
        let pipe = |at: &Path| Command::new("mkfifo").arg(at).status().unwrap();
        assert!(pipe(&path).success());
        assert!(matches!(
            blobs.verify(&digest, None),
            Err(Damage::Unreadable(_))
        ));
        fs::remove_file(&path).unwrap();
        let stamps = folder.path().join("verified");
        fs::remove_file(&stamps).unwrap();
        assert!(pipe(&stamps).success());

        // A copy of the folder has other stamps, and is as good.
        fs::write(&path, b"hello").unwrap();
        assert_eq!(read(&Blobs::open(folder.path())), Ok(5));
    }

    #[test]
    fn stamps_do_not_pile_up() {
        let folder = tempfile::tempdir().unwrap();
        let (blobs, digest) = stored(folder.path(), b"hello");
        let stamp = blobs.stamps()[&digest.to_string()];
        for _ in 0..SPARE + 2 {
            blobs.note(&digest.to_string(), stamp);
        }
        let again = Blobs::open(folder.path());
        assert_eq!(*again.stamps(), *blobs.stamps());
        let text = fs::read_to_string(folder.path().join("verified")).unwrap();
        assert_eq!(text.lines().count(), 1);
    }

    #[test]
    fn stamps_outlive_the_process_and_damage_to_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let (blobs, digest) = stored(folder.path(), b"hello");
        let again = Blobs::open(folder.path());
        assert_eq!(*again.stamps(), *blobs.stamps());
        fs::write(folder.path().join("verified"), b"\xffgarbage\n1 2 3").unwrap();
        let none = Blobs::open(folder.path());
        assert!(none.stamps().is_empty());
        assert_eq!(none.verify(&digest, Some(5)), Ok(5));
    }

    #[tokio::test]
    async fn only_whole_blobs_let_a_manifest_in() {
        let folder = tempfile::tempdir().unwrap();
        let (blobs, digest) = stored(folder.path(), b"hello");
        assert!(blobs.contains(&digest).await.unwrap());
        fs::write(blobs.path(&digest), b"").unwrap();
        assert!(!blobs.contains(&digest).await.unwrap());
        blobs
            .put(&digest, Bytes::from_static(b"hello"))
            .await
            .unwrap();
        assert_eq!(blobs.get(&digest).await.unwrap(), "hello");
        assert!(
            blobs
                .put(&digest, Bytes::from_static(b"jello"))
                .await
                .is_err()
        );
    }
}
