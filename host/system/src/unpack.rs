//! Tar archives from strangers.
//!
//! Refused: absolute paths, `..`, anything below a link, links out of the
//! archive, devices, pipes, and more entries, bytes, folders in one another or
//! text in headers than a source tree has. Each limit holds while the archive is
//! read, not after. The file system of an image has links that lead out of it,
//! and devices: see [`Origin`].

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bakehouse_core::storage_error::{StorageError, is_everywhere};
use tar::{Archive, Entry, EntryType};

use crate::quota::Quota;
use crate::storage::DEPTH;

/// Bytes of the headers of one entry: names and links of some thousand bytes.
pub const HEADERS: u64 = 1 << 20;
const BUFFER: usize = 1 << 16;

/// Whose archive it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A release's.
    Upstream,
    /// A builder's, of an image's files: links stay as they are, since nothing
    /// follows them out of a work tree, and devices and pipes are left out.
    Image,
}

/// The most that one archive may hold.
#[derive(Debug, Clone, Copy)]
pub struct UnpackLimits {
    /// Files, folders and links.
    pub entries: u64,
    /// Bytes, unpacked.
    pub bytes: u64,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self {
            entries: 500_000,
            bytes: 16 << 30,
        }
    }
}

impl UnpackLimits {
    /// The same, as far as there is room for it.
    pub fn within(self, room: Quota) -> Self {
        Self {
            entries: self.entries.min(room.entries),
            bytes: self.bytes.min(room.bytes),
        }
    }
}

/// Why an archive is not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// It goes on and on.
    #[error("the archive has more than {0} entries")]
    Entries(u64),
    /// One of its entries is refused.
    #[error("archive entry `{}` {why}", entry.escape_debug())]
    Refused {
        /// Its name, cut.
        entry: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is no archive, or not a whole one.
    #[error("the archive is damaged: {0}")]
    Damaged(#[source] io::Error),
    /// An entry has a name that the system does not take.
    #[error(transparent)]
    Name(StorageError),
    /// The system refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It is not wanted any more.
    #[error("unpacking was stopped")]
    Stopped,
}

/// Unpacks into an existing empty folder that the caller throws away on error.
///
/// # Errors
/// What is refused or damaged, what the system refuses, or that it was stopped.
pub fn unpack(
    archive: impl Read,
    origin: Origin,
    strip: u32,
    into: &Path,
    limits: UnpackLimits,
    stop: &AtomicBool,
) -> Result<(), UnpackError> {
    unpacked(archive, origin, strip, into, limits, stop).map_err(|error| match error {
        // What it is read from ran out of room, or its disk is broken.
        UnpackError::Damaged(error) if is_everywhere(&error) => {
            StorageError::new("unpack into", into, error).into()
        }
        error => error,
    })
}

fn unpacked(
    archive: impl Read,
    origin: Origin,
    strip: u32,
    into: &Path,
    limits: UnpackLimits,
    stop: &AtomicBool,
) -> Result<(), UnpackError> {
    let mut unpacking = Unpacking {
        into,
        origin,
        strip: usize::try_from(strip).unwrap_or(usize::MAX),
        left: limits.bytes,
        stop,
        buffer: vec![0; BUFFER],
    };
    let headers = Cell::new(HEADERS);
    let mut archive = Archive::new(Metered {
        inner: archive,
        left: &headers,
        what: "an entry has more than 1048576 bytes of headers",
    });
    for (count, entry) in (1..).zip(archive.entries().map_err(UnpackError::Damaged)?) {
        if count > limits.entries {
            return Err(UnpackError::Entries(limits.entries));
        }
        let mut entry = entry.map_err(UnpackError::Damaged)?;
        headers.set(u64::MAX);
        unpacking.entry(&mut entry)?;
        // What was not wanted of it counts, too.
        let name = entry.path().map_or_else(|_| PathBuf::new(), Into::into);
        unpacking.copy(&mut entry, io::sink(), &name)?;
        headers.set(HEADERS);
    }
    Ok(())
}

/// Unpacks a small archive, compressed or not.
///
/// # Errors
/// As [`unpack`].
#[cfg(any(test, feature = "fuzzing"))]
pub fn for_fuzzing(
    bytes: &[u8],
    strip: u32,
    into: &Path,
    stop: &AtomicBool,
) -> Result<(), UnpackError> {
    let limits = UnpackLimits {
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

/// An archive of which only so much more is read.
pub struct Metered<'a, R> {
    /// The archive.
    pub inner: R,
    /// Bytes that may still be read.
    pub left: &'a Cell<u64>,
    /// What is wrong with an archive that has more.
    pub what: &'static str,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::other(self.what));
        }
        let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let size = self
            .inner
            .read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left.set(left.saturating_sub(size as u64));
        Ok(size)
    }
}

struct Unpacking<'a> {
    into: &'a Path,
    origin: Origin,
    strip: usize,
    left: u64,
    stop: &'a AtomicBool,
    buffer: Vec<u8>,
}

impl Unpacking<'_> {
    fn entry<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<(), UnpackError> {
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader) {
            return Ok(());
        }
        let name = entry.path().map_err(UnpackError::Damaged)?.into_owned();
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
                symlink(&target, &path).map_err(|e| failed(&path, e))
            }
            EntryType::Link => {
                let target = link_name(entry, &name)?;
                let Some(target) = self.stripped(&target)? else {
                    return Err(refused(&name, "is a hard link to a path that was dropped"));
                };
                let target = self.existing_file(&target, &name)?;
                free(&path, &name)?;
                fs::hard_link(target, &path).map_err(|e| failed(&path, e))
            }
            _ if self.origin == Origin::Image => Ok(()),
            _ => Err(refused(
                &name,
                "is neither a file, a folder nor a link (a device or a pipe)",
            )),
        }
    }

    /// The name's components without the leading ones; none if none is left.
    fn stripped(&self, name: &Path) -> Result<Option<Vec<OsString>>, UnpackError> {
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
    fn folders(&self, parts: &[OsString], name: &Path) -> Result<PathBuf, UnpackError> {
        let mut path = self.into.to_owned();
        for part in parts {
            path.push(part);
            match path.symlink_metadata() {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => return Err(refused(name, "is below a link or a file")),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir(&path).map_err(|e| failed(&path, e))?;
                }
                Err(e) => return Err(failed(&path, e)),
            }
        }
        Ok(path)
    }

    fn existing_file(&self, parts: &[OsString], name: &Path) -> Result<PathBuf, UnpackError> {
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
    ) -> Result<(), UnpackError> {
        let header = entry.header();
        let executable = header.mode().unwrap_or(0o644) & 0o100 != 0;
        let mode = if executable { 0o755 } else { 0o644 };
        let modified = header.mtime().unwrap_or(0);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)
            .map_err(|e| failed(path, e))?;
        self.copy(entry, &file, name)?;
        // The mode again, for the umask. Old times keep layers reproducible.
        file.set_permissions(Permissions::from_mode(mode))
            .map_err(|e| failed(path, e))?;
        if let Some(time) = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(modified)) {
            // Not every file system takes every time.
            let _ = file.set_modified(time);
        }
        Ok(())
    }

    /// Copies an entry's content, as far as there is room.
    fn copy(
        &mut self,
        mut from: impl Read,
        mut to: impl Write,
        name: &Path,
    ) -> Result<(), UnpackError> {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(UnpackError::Stopped);
            }
            let size = match from.read(&mut self.buffer) {
                Ok(0) => return Ok(()),
                Ok(size) => size,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(UnpackError::Damaged(e)),
            };
            self.left = self.left.checked_sub(size as u64).ok_or_else(|| {
                refused(
                    name,
                    "makes the archive larger than the limit when unpacked",
                )
            })?;
            let piece = self.buffer.get(..size).unwrap_or_default();
            to.write_all(piece)
                .map_err(|e| failed(&self.into.join(name), e))?;
        }
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

fn link_name<R: Read>(entry: &Entry<'_, R>, name: &Path) -> Result<PathBuf, UnpackError> {
    match entry.link_name().map_err(UnpackError::Damaged)? {
        Some(target) if !target.as_os_str().is_empty() => Ok(target.into_owned()),
        _ => Err(refused(name, "is a link without a target")),
    }
}

/// Makes room for an entry that comes a second time.
fn free(path: &Path, name: &Path) -> Result<(), UnpackError> {
    match path.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(meta) if meta.is_dir() => Err(refused(name, "replaces a folder")),
        Ok(_) => fs::remove_file(path).map_err(|e| failed(path, e)),
    }
}

fn refused(name: &Path, why: &str) -> UnpackError {
    UnpackError::Refused {
        entry: name.to_string_lossy().chars().take(200).collect(),
        why: why.to_owned(),
    }
}

/// The system took no such entry: for its name, or for want of room or access.
fn failed(path: &Path, error: io::Error) -> UnpackError {
    let kind = error.kind();
    let error = StorageError::new("unpack", path, error);
    match kind {
        io::ErrorKind::InvalidFilename => UnpackError::Name(error),
        _ => UnpackError::Storage(error),
    }
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
