//! Verified downloads, kept by digest.
//!
//! `<folder>/<algorithm>/<HEX>` is a file, `<HEX>.from/<digest of a URL>` says
//! that it was fetched from there, and by which way: a digest alone is no key,
//! or whoever knows the digest of another app's file could have it. Each is
//! written elsewhere and renamed, so that several tasks and processes can share
//! the folder. Nothing in it is trusted: a file is hashed again whenever it is
//! used. What was used longest ago goes when there is too much, and parts of
//! downloads go with the process that was at them.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::storage;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use url::Url;

use super::integrity::{Digests, Hashing, Integrity};

/// The folder of downloads that are not whole.
const PARTS: &str = "parts";
/// The longest time that a part may be without a lock.
const FRESH: Duration = Duration::from_secs(60);
/// Bytes of a way: a few URLs.
const MAX_WAY: u64 = 1 << 20;

/// The cache folder.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
    bound: u64,
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
    /// Keeps files in this folder, which need not exist: so many bytes of them.
    pub(crate) const fn new(folder: PathBuf, bound: u64) -> Self {
        Self { folder, bound }
    }

    /// The same with another bound.
    pub(crate) fn bound(self, bound: u64) -> Self {
        Self { bound, ..self }
    }

    /// A file to download into, gone when dropped. Those of processes that are
    /// gone are removed.
    pub(crate) fn part(&self) -> Result<NamedTempFile, StorageError> {
        let folder = self.folder.join(PARTS);
        storage::create(&self.folder)?;
        storage::create_state(&folder)?;
        sweep_parts(&folder);
        let part = NamedTempFile::new_in(&folder).at("write to", &folder)?;
        part.as_file().lock().at("lock", part.path())?;
        Ok(part)
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
                // Room is made when it is kept.
                Err(e) if e.kind() == io::ErrorKind::IsADirectory => continue,
                Err(e) => return Err(StorageError::new("read", &path, e)),
            };
            // Used last now.
            let _ = file.set_modified(SystemTime::now());
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
        storage::create_state(path.parent().unwrap_or(&self.folder))?;
        storage::make_room(&path)?;
        let persisted = part.persist(&path).map_err(|failed| failed.error);
        let mut file = persisted.at("write", &path)?;
        file.rewind().at("read", &path)?;
        if let Some((first, rest)) = way.split_first() {
            let to = way_to(&path, first);
            storage::create_state(to.parent().unwrap_or(&self.folder))?;
            let text: Vec<String> = rest.iter().map(without_secrets).collect();
            storage::write_state(&to, text.join("\n").as_bytes())?;
        }
        self.sweep();
        Ok(file)
    }

    /// Removes what was used longest ago until the rest is within the bound, as
    /// far as it may.
    fn sweep(&self) {
        let mut files = Vec::new();
        let folders = entries(&self.folder).filter(|path| !path.ends_with(PARTS));
        for path in folders.flat_map(|folder| entries(&folder).collect::<Vec<_>>()) {
            // Another process may have removed it. Where it came from goes with it.
            let Ok(meta) = path.symlink_metadata() else {
                continue;
            };
            if meta.is_file() || path.extension().is_some_and(|suffix| suffix == "broken") {
                files.push((meta.modified().unwrap_or(UNIX_EPOCH), meta.len(), path));
            }
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (_, size, path) in files {
            if bytes <= self.bound {
                break;
            }
            let _ = storage::remove_all(&path);
            let _ = storage::remove_all(&path.with_extension("from"));
            bytes = bytes.saturating_sub(size);
        }
    }

    fn path(&self, integrity: &Integrity, hex: &str) -> PathBuf {
        Path::new(&self.folder)
            .join(integrity.algorithm().name())
            .join(hex)
    }
}

/// The entries of a folder; none where it cannot be read.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path()))
}

/// Removes parts that no process is at. One that was just made may not be locked
/// yet.
fn sweep_parts(folder: &Path) {
    for path in entries(folder) {
        let age = path.symlink_metadata().and_then(|meta| meta.modified());
        let old = age.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > FRESH));
        let is_held = || storage::open(&path).is_ok_and(|part| part.try_lock().is_err());
        if old && !is_held() {
            let _ = storage::remove_all(&path);
        }
    }
}

/// The path of the file that says that a file was fetched from a URL.
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
        let cache = Cache::new(dir.path().join("downloads"), 1 << 20);
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

    /// Keeps these bytes, used so many minutes ago; the URL that they are of.
    fn kept(cache: &Cache, bytes: &[u8], minutes: u64) -> (Url, Integrity) {
        let digest = hex::encode(Sha256::digest(bytes));
        let integrity = Integrity::parse(&format!("sha256:{digest}")).unwrap();
        let url = Url::parse(&format!("https://up.test/{digest}")).unwrap();
        let mut part = cache.part().unwrap();
        part.write_all(bytes).unwrap();
        let way = [url.clone()];
        let file = cache.keep(part, &way, &integrity).unwrap();
        let used = SystemTime::now() - Duration::from_secs(60 * minutes);
        file.set_modified(used).unwrap();
        (url, integrity)
    }

    #[test]
    fn the_least_used_go_first_with_where_they_came_from() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().to_owned(), 300);
        let there =
            |(url, integrity): &(Url, Integrity)| cache.open(url, integrity).unwrap().is_some();
        let files: Vec<_> = (0..3u8)
            .map(|n| kept(&cache, &[n; 100], 10 - u64::from(n)))
            .collect();
        assert!(there(&files[0]), "it is used last now");
        kept(&cache, &[9; 100], 0);
        let left: Vec<_> = files.iter().map(there).collect();
        assert_eq!(left, [true, false, true]);
        assert_eq!(entries(&dir.path().join("sha256")).count(), 6);
    }

    #[test]
    fn parts_of_processes_that_are_gone_go() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().to_owned(), 1 << 20);
        let mine = cache.part().unwrap();
        let parts = dir.path().join(PARTS);
        let other = parts.join("other");
        for path in [mine.path(), &other] {
            std::fs::write(path, "half").unwrap();
            let file = File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - 2 * FRESH).unwrap();
        }
        let fresh = parts.join("fresh");
        std::fs::write(&fresh, "half").unwrap();
        let next = cache.part().unwrap();
        assert!(mine.path().exists() && next.path().exists() && fresh.exists());
        assert!(!other.exists());
    }

    #[test]
    fn what_is_in_the_way_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().to_owned(), 1 << 20);
        let (url, integrity) = kept(&cache, b"hello", 0);
        let path = cache.path(&integrity, &integrity.hex()[0]);
        let from = path.with_extension("from");
        let spoil: [&dyn Fn(); 4] = [
            &|| {
                std::fs::remove_file(&path).unwrap();
                std::fs::create_dir(&path).unwrap();
                storage::remove_all(&from).unwrap();
            },
            &|| {
                storage::remove_all(&from).unwrap();
                std::fs::write(&from, "").unwrap();
            },
            &|| {
                storage::remove_all(&dir.path().join("sha256")).unwrap();
                std::fs::write(dir.path().join("sha256"), "").unwrap();
            },
            &|| {
                storage::remove_all(&dir.path().join(PARTS)).unwrap();
                std::fs::write(dir.path().join(PARTS), "").unwrap();
                std::fs::write(&path, "hell").unwrap();
            },
        ];
        for (n, spoil) in spoil.iter().enumerate() {
            spoil();
            assert!(cache.open(&url, &integrity).unwrap().is_none(), "{n}");
            kept(&cache, b"hello", 0);
            assert!(cache.open(&url, &integrity).unwrap().is_some(), "{n}");
        }
    }
}
