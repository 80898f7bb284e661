//! Verified downloads, kept by digest.
//!
//! `<folder>/<algorithm>/<HEX>` is a file, `<HEX>.from/<digest of a URL>` says
//! that it was fetched from there, and by which way: a digest alone is no key,
//! or whoever knows the digest of another app's file could have it. Each is
//! written elsewhere and renamed, so that several tasks and processes can share
//! the folder. Nothing in it is trusted: a file is hashed again whenever it is
//! used.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::storage;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use url::Url;

use super::integrity::{Digests, Hashing, Integrity};

/// Bytes of a way: a few URLs.
const MAX_WAY: u64 = 1 << 20;

/// The cache folder.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
}

/// A file that was downloaded before.
#[derive(Debug)]
pub(crate) struct Cached {
    pub(crate) file: File,
    pub(crate) digests: Digests,
    /// The URLs that were decided about when it was fetched, in order.
    pub(crate) way: Vec<Url>,
}

impl Cache {
    pub(crate) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// A file to download into, gone when dropped.
    pub(crate) fn part(&self) -> Result<NamedTempFile, StorageError> {
        let folder = self.folder.join("parts");
        storage::create(&folder)?;
        NamedTempFile::new_in(&folder).at("write to", &folder)
    }

    /// The file with this integrity, at its start, if it was fetched from this
    /// URL. A damaged one is removed.
    pub(crate) fn open(
        &self,
        url: &Url,
        integrity: &Integrity,
    ) -> Result<Option<Cached>, StorageError> {
        for hex in integrity.hex() {
            let path = self.path(integrity, hex);
            let Some(way) = read_way(&path, url) else {
                continue;
            };
            let mut file = match storage::open(&path) {
                Ok(file) => file,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(StorageError::new("read", &path, e)),
            };
            let digests = hash(&mut file, integrity).at("read", &path)?;
            if integrity.accepts(&digests) {
                return Ok(Some(Cached { file, digests, way }));
            }
            tracing::warn!(path = %path.display(), "damaged file removed from the download cache");
            std::fs::remove_file(&path).at("remove", &path)?;
        }
        Ok(None)
    }

    /// Keeps a download that was verified, and the way it took.
    pub(crate) fn keep(
        &self,
        part: NamedTempFile,
        way: &[Url],
        integrity: &Integrity,
    ) -> Result<File, StorageError> {
        // With several accepted digests any of them is found by `open`.
        let hex = integrity.hex().first().map_or("", String::as_str);
        let path = self.path(integrity, hex);
        storage::create(path.parent().unwrap_or(&self.folder))?;
        let persisted = part.persist(&path).map_err(|failed| failed.error);
        let mut file = persisted.at("write", &path)?;
        file.rewind().at("read", &path)?;
        if let Some((first, rest)) = way.split_first() {
            let to = way_to(&path, first);
            storage::create(to.parent().unwrap_or(&self.folder))?;
            let text: Vec<String> = rest.iter().map(without_secrets).collect();
            storage::write(&to, text.join("\n").as_bytes()).at("write", &to)?;
        }
        Ok(file)
    }

    fn path(&self, integrity: &Integrity, hex: &str) -> PathBuf {
        Path::new(&self.folder)
            .join(integrity.algorithm().name())
            .join(hex)
    }
}

/// Where it is said that a file was fetched from a URL.
fn way_to(file: &Path, url: &Url) -> PathBuf {
    let key = hex::encode(Sha256::digest(url.as_str()));
    file.with_extension("from").join(key)
}

/// The way that a file took from this URL; none where it did not come from
/// there.
fn read_way(file: &Path, from: &Url) -> Option<Vec<Url>> {
    let text = storage::read_text(&way_to(file, from), MAX_WAY).ok()?;
    let rest = text.lines().map(|line| Url::parse(line).ok());
    std::iter::once(Some(from.clone())).chain(rest).collect()
}

/// A URL that a file host redirected to: what is after `?` is often signed.
fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    if url.query().is_some() {
        url.set_query(Some(""));
    }
    // Fails only for URLs without a host, which have neither.
    let _ = (url.set_username(""), url.set_password(None));
    url.into()
}

fn hash(file: &mut File, integrity: &Integrity) -> io::Result<Digests> {
    let mut hashing = Hashing::new(Some(integrity));
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hashing.update(buffer.get(..n).unwrap_or_default()),
        }
    }
    file.rewind()?;
    Ok(hashing.finish())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const HELLO: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    #[test]
    fn keeps_and_reverifies() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().join("downloads"));
        let integrity = Integrity::parse(HELLO).unwrap();
        let url = |path: &str| Url::parse(&format!("https://up.test/{path}")).unwrap();
        let mine = url("mine");
        assert!(cache.open(&mine, &integrity).unwrap().is_none());

        let keep = |way: &[Url]| {
            let mut part = cache.part().unwrap();
            part.write_all(b"hello").unwrap();
            cache.keep(part, way, &integrity).unwrap()
        };
        let mut text = String::new();
        let mut file = keep(&[mine.clone(), url("there?signature=1")]);
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
        let cached = cache.open(&mine, &integrity).unwrap().unwrap();
        assert_eq!(cached.digests.size, 5);
        assert_eq!(cached.way, [mine.clone(), url("there?")]);

        for other in ["other", "there", "mine?", "mine/", "Mine"] {
            assert!(cache.open(&url(other), &integrity).unwrap().is_none());
        }
        keep(&[url("other")]);
        assert!(cache.open(&url("other"), &integrity).unwrap().is_some());
        assert!(cache.open(&mine, &integrity).unwrap().is_some());

        let path = cache.path(&integrity, &integrity.hex()[0]);
        std::fs::write(&path, "jello").unwrap();
        assert!(cache.open(&mine, &integrity).unwrap().is_none());
        assert!(!path.exists());
    }
}
