//! Tar archives from strangers.
//!
//! Refused: absolute paths, `..`, anything below a link, links out of the
//! archive, devices, pipes, folders nested too deeply, and more entries or bytes
//! than a source tree has. The file system of an image has links that lead out of
//! it, and devices: see [`Origin`].

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Read, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tar::{Archive, Entry, EntryType};

use crate::quota::DEPTH;
use crate::recipe::CallError;

/// Whose archive it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A release's.
    Upstream,
    /// A builder's, of an image's files: links stay as they are, since nothing
    /// follows them out of a work tree, and devices and pipes are left out.
    Image,
}

/// The most that one archive may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 500_000,
            bytes: 16 << 30,
        }
    }
}

impl Limits {
    /// The same, with at most this many bytes.
    pub(crate) fn within(self, bytes: u64) -> Self {
        Self {
            bytes: self.bytes.min(bytes),
            ..self
        }
    }
}

/// Unpacks into an existing empty folder that the caller throws away on error.
///
/// # Errors
/// [`CallError::InvalidInput`] for what is refused, [`CallError::Other`] if the
/// archive is damaged or the disk full.
pub(crate) fn unpack(
    archive: impl Read,
    origin: Origin,
    strip: u32,
    into: &Path,
    limits: Limits,
    stop: &AtomicBool,
) -> Result<(), CallError> {
    let mut unpacking = Unpacking {
        into,
        origin,
        strip: usize::try_from(strip).unwrap_or(usize::MAX),
        left: limits.bytes,
    };
    let mut archive = Archive::new(archive);
    for (count, entry) in (1..).zip(archive.entries().map_err(|e| damaged(&e))?) {
        if stop.load(Ordering::Relaxed) {
            return Err(CallError::Other("unpacking was stopped".to_owned()));
        }
        if count > limits.entries {
            return Err(CallError::InvalidInput(format!(
                "the archive has more than {} entries",
                limits.entries
            )));
        }
        let mut entry = entry.map_err(|e| damaged(&e))?;
        unpacking.entry(&mut entry)?;
    }
    Ok(())
}

/// Unpacks a small archive, compressed or not.
pub(crate) fn for_fuzzing(
    bytes: &[u8],
    strip: u32,
    into: &Path,
    stop: &AtomicBool,
) -> Result<(), CallError> {
    let limits = Limits {
        entries: 200,
        bytes: 1 << 16,
    };
    match bytes.starts_with(&[0x1f, 0x8b]) {
        true => {
            let plain = flate2::read::MultiGzDecoder::new(bytes);
            unpack(plain, Origin::Upstream, strip, into, limits, stop)
        }
        false => unpack(bytes, Origin::Upstream, strip, into, limits, stop),
    }
}

struct Unpacking<'a> {
    into: &'a Path,
    origin: Origin,
    strip: usize,
    left: u64,
}

impl Unpacking<'_> {
    fn entry<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<(), CallError> {
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader) {
            return Ok(());
        }
        let name = entry.path().map_err(|e| damaged(&e))?.into_owned();
        let Some(parts) = self.stripped(&name)? else {
            return Ok(());
        };
        let (Some(last), above) = (parts.last(), parts.get(..parts.len().saturating_sub(1))) else {
            return Ok(());
        };
        let folder = self.folders(above.unwrap_or_default(), &name)?;
        let path = folder.join(last);
        match kind {
            EntryType::Directory => self.folders(&parts, &name).map(drop),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                free(&path, &name)?;
                self.file(entry, &path, &name)
            }
            EntryType::Symlink => {
                let target = link_name(entry, &name)?;
                let inside = stays_inside(&target, parts.len() - 1);
                if self.origin == Origin::Upstream && !inside {
                    return Err(refused(
                        &name,
                        &format!("links to {}, outside of the archive", target.display()),
                    ));
                }
                free(&path, &name)?;
                symlink(&target, &path).map_err(|e| failed(&path, &e))
            }
            EntryType::Link => {
                let target = link_name(entry, &name)?;
                let Some(target) = self.stripped(&target)? else {
                    return Err(refused(&name, "is a hard link to a path that was dropped"));
                };
                let target = self.existing_file(&target, &name)?;
                free(&path, &name)?;
                fs::hard_link(target, &path).map_err(|e| failed(&path, &e))
            }
            _ if self.origin == Origin::Image => Ok(()),
            _ => Err(refused(
                &name,
                "is neither a file, a folder nor a link (a device or a pipe)",
            )),
        }
    }

    /// The name's components without the leading ones; none if none is left.
    fn stripped(&self, name: &Path) -> Result<Option<Vec<OsString>>, CallError> {
        let mut parts = Vec::new();
        for component in name.components() {
            match component {
                Component::Normal(part) => parts.push(part.to_owned()),
                Component::CurDir => {}
                _ => return Err(refused(name, "is absolute or has `..`")),
            }
        }
        if parts.len() > DEPTH {
            return Err(refused(name, &format!("is more than {DEPTH} folders deep")));
        }
        if parts.len() <= self.strip {
            return Ok(None);
        }
        Ok(Some(parts.split_off(self.strip)))
    }

    /// Makes real folders of these components.
    fn folders(&self, parts: &[OsString], name: &Path) -> Result<PathBuf, CallError> {
        let mut path = self.into.to_owned();
        for part in parts {
            path.push(part);
            match path.symlink_metadata() {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => return Err(refused(name, "is below a link or a file")),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir(&path).map_err(|e| failed(&path, &e))?;
                }
                Err(e) => return Err(failed(&path, &e)),
            }
        }
        Ok(path)
    }

    fn existing_file(&self, parts: &[OsString], name: &Path) -> Result<PathBuf, CallError> {
        let mut path = self.into.to_owned();
        for (i, part) in parts.iter().enumerate() {
            path.push(part);
            let good = path.symlink_metadata().is_ok_and(|meta| {
                if i + 1 == parts.len() {
                    meta.is_file()
                } else {
                    meta.is_dir()
                }
            });
            if !good {
                return Err(refused(name, "is a hard link to something that is no file"));
            }
        }
        Ok(path)
    }

    fn file<R: Read>(
        &mut self,
        entry: &mut Entry<'_, R>,
        path: &Path,
        name: &Path,
    ) -> Result<(), CallError> {
        let header = entry.header();
        let executable = header.mode().unwrap_or(0o644) & 0o100 != 0;
        let mode = if executable { 0o755 } else { 0o644 };
        let modified = header.mtime().unwrap_or(0);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)
            .map_err(|e| failed(path, &e))?;
        let size = self.copy(entry, &file, path)?;
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            refused(
                name,
                "makes the archive larger than the limit when unpacked",
            )
        })?;
        // The mode again, for the umask. Old times keep layers reproducible.
        file.set_permissions(Permissions::from_mode(mode))
            .map_err(|e| failed(path, &e))?;
        if let Some(time) = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(modified)) {
            // Not every file system takes every time.
            let _ = file.set_modified(time);
        }
        Ok(())
    }

    /// Copies at most one byte more than is left.
    fn copy(&self, from: impl Read, to: &File, path: &Path) -> Result<u64, CallError> {
        let mut to = BufWriter::with_capacity(1 << 16, to);
        let size = io::copy(&mut from.take(self.left.saturating_add(1)), &mut to);
        let size = size.map_err(|e| failed(path, &e))?;
        to.flush().map_err(|e| failed(path, &e))?;
        Ok(size)
    }
}

/// Whether a link target stays inside, for a link that many folders deep.
/// `..` counts only at its start: after a name it may leave through a link.
fn stays_inside(target: &Path, depth: usize) -> bool {
    let mut ups = 0;
    let mut named = false;
    for component in target.components() {
        match component {
            Component::ParentDir if named => return false,
            Component::ParentDir => ups += 1,
            Component::Normal(_) => named = true,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    ups <= depth
}

fn link_name<R: Read>(entry: &Entry<'_, R>, name: &Path) -> Result<PathBuf, CallError> {
    match entry.link_name().map_err(|e| damaged(&e))? {
        Some(target) if !target.as_os_str().is_empty() => Ok(target.into_owned()),
        _ => Err(refused(name, "is a link without a target")),
    }
}

/// Makes room for an entry that comes a second time.
fn free(path: &Path, name: &Path) -> Result<(), CallError> {
    match path.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(meta) if meta.is_dir() => Err(refused(name, "replaces a folder")),
        Ok(_) => fs::remove_file(path).map_err(|e| failed(path, &e)),
    }
}

fn refused(name: &Path, why: &str) -> CallError {
    let shown: String = name.to_string_lossy().chars().take(200).collect();
    CallError::InvalidInput(format!("archive entry `{}` {why}", shown.escape_debug()))
}

fn damaged(error: &io::Error) -> CallError {
    CallError::InvalidInput(format!("the archive is damaged: {error}"))
}

fn failed(path: &Path, error: &io::Error) -> CallError {
    CallError::Other(format!("cannot unpack {}: {error}", path.display()))
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
