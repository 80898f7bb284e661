//! Verified downloads, kept by digest.
//!
//! `<folder>/<algorithm>/<HEX>`, each written elsewhere and renamed, so that
//! several tasks and processes can share the folder. Nothing in it is trusted:
//! a file is hashed again whenever it is used.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::integrity::{Digests, Hashing, Integrity};

/// The cache folder.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(crate) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// A file to download into, gone when dropped.
    pub(crate) fn part(&self) -> io::Result<NamedTempFile> {
        let folder = self.folder.join("parts");
        std::fs::create_dir_all(&folder)?;
        NamedTempFile::new_in(folder)
    }

    /// The file with this integrity, at its start. A damaged one is removed.
    pub(crate) fn open(&self, integrity: &Integrity) -> io::Result<Option<(File, Digests)>> {
        for hex in integrity.hex() {
            let path = self.path(integrity, hex);
            let mut file = match File::open(&path) {
                Ok(file) => file,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(e),
            };
            let digests = hash(&mut file, integrity)?;
            if integrity.accepts(&digests) {
                return Ok(Some((file, digests)));
            }
            tracing::warn!(path = %path.display(), "damaged file removed from the download cache");
            std::fs::remove_file(&path)?;
        }
        Ok(None)
    }

    /// Keeps a download that was verified.
    pub(crate) fn keep(&self, part: NamedTempFile, integrity: &Integrity) -> io::Result<File> {
        // With several accepted digests any of them is found by `open`.
        let hex = integrity.hex().first().map_or("", String::as_str);
        let path = self.path(integrity, hex);
        std::fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
        let mut file = part.persist(&path)?;
        file.rewind()?;
        Ok(file)
    }

    fn path(&self, integrity: &Integrity, hex: &str) -> PathBuf {
        Path::new(&self.folder)
            .join(integrity.algorithm().name())
            .join(hex)
    }
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
        assert!(cache.open(&integrity).unwrap().is_none());

        let mut part = cache.part().unwrap();
        part.write_all(b"hello").unwrap();
        let mut text = String::new();
        let mut file = cache.keep(part, &integrity).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
        assert_eq!(cache.open(&integrity).unwrap().unwrap().1.size, 5);

        let path = cache.path(&integrity, &integrity.hex()[0]);
        std::fs::write(&path, "jello").unwrap();
        assert!(cache.open(&integrity).unwrap().is_none());
        assert!(!path.exists());
    }
}
