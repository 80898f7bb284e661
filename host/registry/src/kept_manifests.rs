//! Manifests and configurations on disk, by digest.
//!
//! Bytes of a digest never change, so what was read once is not asked for again.
//! Whether a registry still has something is never told from here: that is asked
//! each time, with the credentials of now. Each repository of each registry has a
//! folder of its own, so that nothing is told of one that another has shown. Nothing
//! in the folders is trusted or needed: digests are verified with each read, what is
//! damaged is removed and read anew, and what was used longest ago goes when there is
//! too much.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bakehouse_system::storage;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::digest::verify;

/// Bytes of one entry; larger ones are not kept.
const MAX_ENTRY: u64 = 1 << 20;
/// Bytes of all.
const MAX_BYTES: u64 = 64 << 20;
/// The number of all.
const MAX_FILES: usize = 20_000;
/// New entries of one process after which it is seen to that they are not too many;
/// the first one is always.
const SWEEP_EVERY: usize = 1000;
/// An entry that was used so long ago is marked as used now.
const MARK_AFTER: Duration = Duration::from_secs(3600);
/// Characters of the name of a repository's folder.
const NAME: usize = 32;

/// The folder. Clones and processes share it; the default keeps nothing.
#[derive(Debug, Clone, Default)]
pub struct KeptManifests(Option<Arc<Folder>>);

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    max_bytes: u64,
    max_files: usize,
    added: AtomicUsize,
}

impl KeptManifests {
    /// Uses this folder, which need not exist.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self::within(folder, MAX_BYTES, MAX_FILES)
    }

    fn within(path: PathBuf, max_bytes: u64, max_files: usize) -> Self {
        Self(Some(Arc::new(Folder {
            path,
            max_bytes,
            max_files,
            added: AtomicUsize::new(0),
        })))
    }

    /// The bytes of a digest that a repository, `host/namespace/image`, has shown.
    pub(super) fn get(&self, repository: &str, digest: &str) -> Option<Bytes> {
        let path = self.0.as_ref()?.entry(repository, digest)?;
        let bytes = match storage::read(&path, MAX_ENTRY) {
            Ok(bytes) if verify(&bytes, Some(digest)).is_ok() => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            _ => {
                tracing::warn!("{} is damaged, and is read anew", path.display());
                let _ = storage::remove_all(&path);
                return None;
            }
        };
        mark(&path);
        Some(bytes.into())
    }

    /// Keeps what a repository has shown. Where that cannot be, it is read again
    /// another time.
    pub(super) fn keep(&self, repository: &str, digest: &str, bytes: &[u8]) {
        let Some(folder) = &self.0 else { return };
        let Some(path) = folder.entry(repository, digest) else {
            return;
        };
        if bytes.len() as u64 > MAX_ENTRY || path.exists() {
            return;
        }
        if let Err(error) = folder.add(&path, bytes) {
            tracing::debug!(%error, "what the registry has shown is not kept");
        }
    }
}

impl Folder {
    /// The file of an entry; none for digests of other kinds.
    fn entry(&self, repository: &str, digest: &str) -> Option<PathBuf> {
        let hex = digest.strip_prefix("sha256:")?;
        let is_hex = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        let mut name = hex::encode(Sha256::digest(repository));
        name.truncate(NAME);
        is_hex.then(|| self.path.join(name).join(hex))
    }

    fn add(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.path);
        storage::create(folder).map_err(io::Error::other)?;
        // Not flushed to disk: what is cut off is found out.
        let mut part = NamedTempFile::new_in(folder)?;
        part.write_all(bytes)?;
        part.persist(path)?;
        match self.added.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY {
            0 => self.sweep(),
            _ => Ok(()),
        }
    }

    /// Removes what was used longest ago until the rest is within bounds.
    fn sweep(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for repository in fs::read_dir(&self.path)? {
            let repository = repository?.path();
            // Another process may have removed it, and anything may lie here.
            for entry in fs::read_dir(&repository).into_iter().flatten().flatten() {
                if let Ok(meta) = entry.metadata() {
                    files.push((meta.modified()?, meta.len(), entry.path()));
                }
            }
        }
        let mut bytes: u64 = files.iter().map(|(_, size, _)| size).sum();
        let mut count = files.len();
        if bytes <= self.max_bytes && count <= self.max_files {
            return Ok(());
        }
        files.sort();
        for (_, size, path) in files {
            if bytes <= self.max_bytes && count <= self.max_files {
                break;
            }
            let _ = storage::remove_all(&path);
            // Only where it is empty.
            let _ = path.parent().map(fs::remove_dir);
            bytes -= size;
            count -= 1;
        }
        Ok(())
    }
}

/// Marks an entry as used, now and then.
fn mark(path: &Path) {
    let Ok(file) = storage::open(path) else {
        return;
    };
    let used = file.metadata().and_then(|meta| meta.modified());
    let recently = |used: SystemTime| used.elapsed().is_ok_and(|ago| ago < MARK_AFTER);
    if !used.is_ok_and(recently) {
        let _ = file.set_modified(SystemTime::now());
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::digest::sha256;

    const HERE: &str = "registry.test/acme/app";

    fn digest(text: &str) -> String {
        sha256(text.as_bytes()).to_string()
    }

    fn keep(kept: &KeptManifests, text: &str) {
        kept.keep(HERE, &digest(text), text.as_bytes());
    }

    fn has(kept: &KeptManifests, text: &str) -> bool {
        let bytes = kept.get(HERE, &digest(text));
        assert!(bytes.as_ref().is_none_or(|bytes| bytes == text.as_bytes()));
        bytes.is_some()
    }

    #[test]
    fn one_repository_is_told_nothing_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let kept = KeptManifests::new(dir.path().join("manifests"));
        assert!(!has(&kept, "a"));
        keep(&kept, "a");
        assert!(has(&kept, "a") && !has(&kept, "b"));
        for elsewhere in [
            "registry.test/acme/other",
            "registry.test/acme",
            "registry.test:443/acme/app",
            "other.test/acme/app",
        ] {
            assert_eq!(kept.get(elsewhere, &digest("a")), None, "{elsewhere}");
        }
        for no_digest in ["", "a", "sha256:../../a", "sha512:00"] {
            kept.keep(HERE, no_digest, b"a");
            assert_eq!(kept.get(HERE, no_digest), None, "{no_digest}");
        }
        let nothing = KeptManifests::default();
        keep(&nothing, "a");
        assert!(!has(&nothing, "a"));
    }

    #[test]
    fn what_is_damaged_is_never_told_and_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let kept = KeptManifests::new(dir.path().to_owned());
        let path = kept
            .0
            .as_ref()
            .unwrap()
            .entry(HERE, &digest("abc"))
            .unwrap();
        for damaged in [&b""[..], b"ab", b"abx", b"abcd", &[0xff; 2 << 20]] {
            keep(&kept, "abc");
            assert!(has(&kept, "abc"));
            fs::write(&path, damaged).unwrap();
            assert!(!has(&kept, "abc"));
        }
        // Bytes of another digest than their name's are not believed, either.
        kept.keep(HERE, &digest("abc"), b"xyz");
        assert!(!has(&kept, "abc"));
    }

    #[test]
    fn the_least_used_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let kept = KeptManifests::within(dir.path().to_owned(), 100, 3);
        let folder = kept.0.as_ref().unwrap();
        let hours = Duration::from_secs(5 * 3600);
        for (text, ago) in [("a", hours), ("b", hours / 2), ("c", Duration::ZERO)] {
            keep(&kept, text);
            let file = File::open(folder.entry(HERE, &digest(text)).unwrap()).unwrap();
            file.set_modified(SystemTime::now() - ago).unwrap();
        }
        assert!(has(&kept, "a"), "which counts as a use");
        keep(&kept, "d");
        folder.sweep().unwrap();
        let left = ["a", "b", "c", "d"].map(|text| has(&kept, text));
        assert_eq!(left, [true, false, true, true]);
        let many = "x".repeat(200);
        keep(&kept, &many);
        folder.sweep().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
