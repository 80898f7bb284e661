//! Answers of APIs on disk, for conditional requests (RFC 9110, section 13).
//!
//! One gzip file an answer, named by the digest of what was asked. Nothing in
//! the folder is trusted or needed: what cannot be read is asked for again, what
//! is least used goes when there is too much. Tokens are not stored, only
//! whether there was one.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bakehouse_system::storage;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use url::Url;

const SCHEMA: u32 = 1;
/// Largest answer that is read back.
const MAX_ENTRY: u64 = 40 << 20;
/// The bytes that the folder may take.
const MAX_BYTES: u64 = 64 << 20;
const MAX_FILES: usize = 2000;

/// The folder. Processes may share it.
#[derive(Debug, Clone)]
pub(super) struct ResponseCache {
    folder: PathBuf,
    max_bytes: u64,
    max_files: usize,
}

/// An answer that can be asked for conditionally.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CachedResponse {
    schema: u32,
    url: String,
    authorized: bool,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    /// The page after it.
    pub(super) next: Option<String>,
    pub(super) body: String,
}

impl CachedResponse {
    /// An answer to a request for `url`, with a token or without.
    pub(super) fn new(url: &Url, authorized: bool, body: String) -> Self {
        Self {
            schema: SCHEMA,
            url: url.to_string(),
            authorized,
            etag: None,
            last_modified: None,
            next: None,
            body,
        }
    }
}

impl ResponseCache {
    /// Uses this folder, which need not exist.
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            max_bytes: MAX_BYTES,
            max_files: MAX_FILES,
        }
    }

    /// The answer kept for this request; one that cannot be used counts as none.
    pub(super) fn load(&self, url: &Url, authorized: bool) -> Option<CachedResponse> {
        let path = self.path(url.as_str(), authorized);
        let parse = |packed: Vec<u8>| {
            let mut text = Vec::new();
            let mut unpacked = GzDecoder::new(packed.as_slice()).take(MAX_ENTRY);
            unpacked.read_to_end(&mut text).map_err(|e| e.to_string())?;
            serde_json::from_slice::<CachedResponse>(&text).map_err(|e| e.to_string())
        };
        let kept = storage::read_state(&path, MAX_ENTRY, parse).ok()??;
        // Used last now.
        let _ = storage::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        let fits =
            kept.schema == SCHEMA && kept.url == url.as_str() && kept.authorized == authorized;
        fits.then_some(kept)
    }

    /// Keeps an answer in place of the one before.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(super) fn store(&self, kept: &CachedResponse) -> io::Result<()> {
        storage::create(&self.folder).map_err(io::Error::other)?;
        let part = NamedTempFile::new_in(&self.folder)?;
        let mut packed = GzEncoder::new(part, Compression::fast());
        serde_json::to_writer(&mut packed, kept)?;
        let part = packed.finish()?;
        part.persist(self.path(&kept.url, kept.authorized))?;
        self.sweep()
    }

    /// Removes what was used longest ago until the rest is within bounds.
    fn sweep(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // Another process may have removed it.
            if let Ok(meta) = entry.metadata() {
                files.push((meta.modified()?, meta.len(), entry.path()));
            }
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, size, _)| size).sum();
        let mut count = files.len();
        for (_, size, path) in files {
            if bytes <= self.max_bytes && count <= self.max_files {
                break;
            }
            let _ = storage::remove_all(&path);
            bytes -= size;
            count -= 1;
        }
        Ok(())
    }

    fn path(&self, url: &str, authorized: bool) -> PathBuf {
        let key = format!("{authorized} {url}");
        let name = format!("{}.json.gz", hex::encode(Sha256::digest(key)));
        Path::new(&self.folder).join(name)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    fn url(page: u32) -> Url {
        Url::parse(&format!("https://api.example/releases?page={page}")).unwrap()
    }

    fn kept(page: u32) -> CachedResponse {
        let mut kept = CachedResponse::new(&url(page), true, format!("[\"{page}\"]"));
        kept.etag = Some("W/\"1\"".to_owned());
        kept.next = Some(url(page + 1).into());
        kept
    }

    #[test]
    fn by_url_and_whether_there_was_a_token() {
        let dir = tempfile::tempdir().unwrap();
        let cache = ResponseCache::new(dir.path().join("api"));
        assert_eq!(cache.load(&url(1), true), None);
        cache.store(&kept(1)).unwrap();
        assert_eq!(cache.load(&url(1), true), Some(kept(1)));
        assert_eq!(cache.load(&url(1), false), None);
        assert_eq!(cache.load(&url(2), true), None);
    }

    #[test]
    fn what_is_damaged_is_ignored_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let cache = ResponseCache::new(dir.path().to_owned());
        cache.store(&kept(1)).unwrap();
        let path = cache.path(url(1).as_str(), true);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        *flipped.iter_mut().nth_back(10).unwrap() ^= 1;
        let other = fs::read({
            cache.store(&kept(2)).unwrap();
            cache.path(url(2).as_str(), true)
        })
        .unwrap();
        for damaged in [
            Vec::new(),
            whole[..whole.len() / 2].to_vec(),
            flipped,
            other,
        ] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(cache.load(&url(1), true), None);
        }
        cache.store(&kept(1)).unwrap();
        assert_eq!(cache.load(&url(1), true), Some(kept(1)));
    }

    #[test]
    fn the_least_used_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let mut cache = ResponseCache::new(dir.path().to_owned());
        cache.max_files = 3;
        let old = SystemTime::now() - Duration::from_secs(60);
        for page in 1..=3 {
            cache.store(&kept(page)).unwrap();
            let file = File::open(cache.path(url(page).as_str(), true)).unwrap();
            file.set_modified(old + Duration::from_secs(page.into()))
                .unwrap();
        }
        cache.load(&url(1), true).unwrap();
        cache.store(&kept(4)).unwrap();
        let left = |page| cache.load(&url(page), true).is_some();
        assert_eq!(
            [left(1), left(2), left(3), left(4)],
            [true, false, true, true]
        );
        cache.max_bytes = 1;
        cache.store(&kept(5)).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
