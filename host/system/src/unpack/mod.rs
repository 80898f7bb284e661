//! Archives from strangers.
//!
//! Refused: absolute paths, `..`, anything below a link, links out of the
//! archive, devices, pipes, and more entries, bytes, folders in one another or
//! text in headers than a source tree has. Each limit holds while the archive is
//! read, not after, and for every format alike: what reads one hands each of its
//! entries on to `Unpacking`. The file system of an image has links that lead out of it,
//! and devices: see [`Origin`].

mod deb;
mod format;
mod members;
mod tar_archive;
mod zip_archive;

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

pub use self::format::{Compression, Format};
use self::members::Members;
use bakehouse_core::storage_error::{StorageError, is_everywhere};

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

/// The part of an archive that is unpacked (the contract's `fetch.archive`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The archive's format.
    pub format: Format,
    /// Leading components that each path loses.
    pub strip: u32,
    /// The paths that are taken, without those; all, where there is none.
    pub members: Vec<String>,
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

/// The reasons why an archive is not unpacked.
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
        /// The fault of the entry, as the rest of a sentence.
        why: String,
    },
    /// It looks like no archive.
    #[error(
        "it is neither a tar, ZIP or Debian archive nor compressed with gzip, xz, zstd or bzip2"
    )]
    Unknown,
    /// The path that is asked for is none in an archive.
    #[error("`{}` is no path in an archive", .0.escape_debug())]
    Member(String),
    /// The path that is asked for is not there.
    #[error(
        "the archive has no `{}`; it has {}", member.escape_debug(),
        if there.is_empty() { "nothing".to_owned() } else { there.join(", ") }
    )]
    Absent {
        /// The path that was asked for.
        member: String,
        /// Some that there are.
        there: Vec<String>,
    },
    /// There is nothing in it.
    #[error("the archive is empty")]
    Empty,
    /// Something is asked of one compressed file that only archives have.
    #[error("one compressed file has no paths: `strip` is 0 and `members` empty then")]
    OneFile,
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

/// Unpacks a tar archive into an existing empty folder that the caller throws
/// away on error.
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
    let members = Members::new(&[])?;
    let mut unpacking = Unpacking::new(origin, strip, members, into, limits, stop);
    tar_archive::unpack(archive, &mut unpacking).map_err(|error| own(error, into))
}

/// The error as one of our own storage, where the file that is read from ran out of
/// room or its disk is broken.
fn own(error: UnpackError, into: &Path) -> UnpackError {
    match error {
        UnpackError::Damaged(error) if is_everywhere(&error) => {
            StorageError::new("unpack into", into, error).into()
        }
        error => error,
    }
}

/// Unpacks a file with this name to `into`, where nothing is: a folder, or the
/// one file that was compressed. The caller throws it away on error.
///
/// # Errors
/// As [`unpack`]; [`UnpackError::Absent`] where a member that is asked for is not
/// there.
pub fn extract(
    file: File,
    name: &str,
    archive: &Archive,
    into: &Path,
    limits: UnpackLimits,
    stop: &AtomicBool,
) -> Result<(), UnpackError> {
    taken(file, name, archive, into, limits, stop).map_err(|error| own(error, into))
}

fn taken(
    mut file: File,
    name: &str,
    archive: &Archive,
    into: &Path,
    limits: UnpackLimits,
    stop: &AtomicBool,
) -> Result<(), UnpackError> {
    let members = Members::new(&archive.members)?;
    let format = archive.format.found(&mut file, name)?;
    let mut unpacking =
        Unpacking::new(Origin::Upstream, archive.strip, members, into, limits, stop);
    if let Format::File(compression) = format {
        return match archive.strip == 0 && archive.members.is_empty() {
            true => unpacking.one_file(compression.reader(file).map_err(UnpackError::Damaged)?),
            false => Err(UnpackError::OneFile),
        };
    }
    fs::create_dir(into).map_err(|e| failed(into, e))?;
    match format {
        Format::Zip => zip_archive::unpack(&file, &mut unpacking)?,
        Format::Deb => {
            let (data, compression) =
                deb::data(io::BufReader::new(file)).map_err(UnpackError::Damaged)?;
            unpacking.tar(compression, data)?;
        }
        Format::Tar(compression) => unpacking.tar(compression, file)?,
        Format::File(_) | Format::Auto => {}
    }
    if unpacking.counted == 0 {
        return Err(UnpackError::Empty);
    }
    unpacking.members.all_found()
}

/// Unpacks a small file of any format, each as itself and as what it looks like.
///
/// # Errors
/// As [`extract`].
#[cfg(any(test, feature = "fuzzing"))]
pub fn for_fuzzing(
    file: &File,
    format: Format,
    strip: u32,
    members: &[String],
    into: &Path,
    stop: &AtomicBool,
) -> Result<(), UnpackError> {
    let limits = UnpackLimits {
        entries: 200,
        bytes: 1 << 16,
    };
    let archive = Archive {
        format,
        strip,
        members: members.to_vec(),
    };
    let mut file = file.try_clone().map_err(UnpackError::Damaged)?;
    io::Seek::rewind(&mut file).map_err(UnpackError::Damaged)?;
    extract(file, "fuzz", &archive, into, limits, stop)
}

/// An archive of which only so much more is read.
pub struct Metered<'a, R> {
    /// The archive.
    pub inner: R,
    /// Bytes that may still be read.
    pub left: &'a Cell<u64>,
    /// The message for an archive that has more.
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

/// An entry of an archive.
struct Item {
    /// Its path, as the archive has it.
    name: PathBuf,
    kind: Kind,
}

/// The type of an archive's entry.
enum Kind {
    Folder,
    File {
        executable: bool,
        /// Seconds since 1970, where the archive says when.
        modified: Option<u64>,
    },
    /// A symbolic link.
    Link(PathBuf),
    /// Another name of a file before it.
    HardLink(PathBuf),
    /// A device, a pipe or the like.
    Other,
}

/// Takes the entries of one archive, one after the other, within its limits.
struct Unpacking<'a> {
    into: &'a Path,
    origin: Origin,
    strip: usize,
    members: Members<'a>,
    limits: UnpackLimits,
    counted: u64,
    left: u64,
    stop: &'a AtomicBool,
    buffer: Vec<u8>,
}

impl<'a> Unpacking<'a> {
    fn new(
        origin: Origin,
        strip: u32,
        members: Members<'a>,
        into: &'a Path,
        limits: UnpackLimits,
        stop: &'a AtomicBool,
    ) -> Self {
        Self {
            into,
            origin,
            strip: usize::try_from(strip).unwrap_or(usize::MAX),
            members,
            limits,
            counted: 0,
            left: limits.bytes,
            stop,
            buffer: vec![0; BUFFER],
        }
    }

    /// Counts entries that come.
    fn count(&mut self, entries: u64) -> Result<(), UnpackError> {
        self.counted = self.counted.saturating_add(entries);
        match self.counted > self.limits.entries {
            true => Err(UnpackError::Entries(self.limits.entries)),
            false => Ok(()),
        }
    }

    /// Unpacks a tar archive, to its last byte: what was compressed carries its
    /// checksum there.
    fn tar(&mut self, compression: Compression, from: impl Read) -> Result<(), UnpackError> {
        let mut tar = compression.reader(from).map_err(UnpackError::Damaged)?;
        tar_archive::unpack(&mut tar, self)?;
        self.copy(tar, io::sink(), Path::new("after its end"))
    }

    /// Puts an entry where it belongs; `content` is a file's.
    fn item(&mut self, item: &Item, content: &mut dyn Read) -> Result<(), UnpackError> {
        let name = &item.name;
        let Some(parts) = self.stripped(name)? else {
            return Ok(());
        };
        if !self.members.take(&parts) {
            return Ok(());
        }
        let (Some(last), above) = (parts.last(), parts.get(..parts.len().saturating_sub(1))) else {
            return Ok(());
        };
        let folder = self.folders(above.unwrap_or_default(), name)?;
        let path = folder.join(last);
        match &item.kind {
            Kind::Folder => self.folders(&parts, name).map(drop),
            Kind::File {
                executable,
                modified,
            } => {
                free(&path, name)?;
                self.file(content, &path, name, *executable, *modified)
            }
            Kind::Link(target) if target.as_os_str().as_bytes().contains(&0) => {
                Err(refused(name, "is a link with a NUL byte in its target"))
            }
            Kind::Link(target) => {
                let inside = stays_inside(target, parts.len() - 1);
                if self.origin == Origin::Upstream && !inside {
                    return Err(refused(
                        name,
                        &format!("links to {}, outside of the archive", target.display()),
                    ));
                }
                free(&path, name)?;
                symlink(target, &path).map_err(|e| failed(&path, e))
            }
            Kind::HardLink(target) => {
                let Some(target) = self.stripped(target)? else {
                    return Err(refused(name, "is a hard link to a path that was dropped"));
                };
                let target = self.existing_file(&target, name)?;
                free(&path, name)?;
                fs::hard_link(target, &path).map_err(|e| failed(&path, e))
            }
            Kind::Other if self.origin == Origin::Image => Ok(()),
            Kind::Other => Err(refused(
                name,
                "is neither a file, a folder nor a link (a device or a pipe)",
            )),
        }
    }

    /// Writes the one file there is.
    fn one_file(&mut self, mut content: impl Read) -> Result<(), UnpackError> {
        let path = self.into.to_owned();
        self.file(&mut content, &path, &path, false, None)
    }

    /// The name's components without the leading ones; none if none is left.
    fn stripped(&self, name: &Path) -> Result<Option<Vec<OsString>>, UnpackError> {
        let mut parts = Vec::new();
        for component in name.components() {
            match component {
                Component::Normal(part) if part.as_bytes().contains(&0) => {
                    return Err(refused(name, "has a NUL byte in its name"));
                }
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

    fn file(
        &mut self,
        content: &mut dyn Read,
        path: &Path,
        name: &Path,
        executable: bool,
        modified: Option<u64>,
    ) -> Result<(), UnpackError> {
        let mode = if executable { 0o755 } else { 0o644 };
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)
            .map_err(|e| failed(path, e))?;
        self.copy(content, &file, name)?;
        // The mode again, for the umask. Old times keep layers reproducible.
        file.set_permissions(Permissions::from_mode(mode))
            .map_err(|e| failed(path, e))?;
        let modified = Duration::from_secs(modified.unwrap_or(0));
        if let Some(time) = SystemTime::UNIX_EPOCH.checked_add(modified) {
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
mod tests;
