//! Single files: read within bounds, written whole, locked.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use bakehouse_core::storage_error::{At as _, StorageError};
use rustix::fs::OFlags;
use tempfile::NamedTempFile;

/// Bytes that are written to see whether anything can be.
const PROBE: usize = 64 << 10;

/// Opens a regular file to read it. Pipes, devices and folders are refused
/// without waiting for them.
///
/// # Errors
/// [`ErrorKind::IsADirectory`] and [`ErrorKind::InvalidInput`] for what is no
/// regular file, and whatever the system says.
pub fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags(OFlags::NONBLOCK | OFlags::NOCTTY))
        .open(path)?;
    regular(file)
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// As [`open`], and [`ErrorKind::FileTooLarge`] above the limit.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    if file.metadata()?.len() > limit {
        return Err(too_large(limit));
    }
    let mut bytes = Vec::new();
    // It may grow meanwhile, and some file systems tell no size.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()).is_ok_and(|size| size <= limit) {
        true => Ok(bytes),
        false => Err(too_large(limit)),
    }
}

/// As [`read`], of UTF-8 text.
///
/// # Errors
/// As [`read`], and [`ErrorKind::InvalidData`] for other bytes.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read(path, limit)?)
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.utf8_error()))
}

/// Writes a file whole or not at all, readable for everybody, in place of
/// whatever has its name: a link there is replaced, not followed.
///
/// # Errors
/// When the system refuses.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = filled(path, bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// As [`write()`], but it waits for no disk: what is written again soon outlives the
/// process, and need not outlive the machine.
///
/// # Errors
/// When the system refuses.
pub fn write_for_now(path: &Path, bytes: &[u8]) -> io::Result<()> {
    filled(path, bytes)?.persist(path)?;
    Ok(())
}

/// A file with these bytes beside the one whose place it is to take.
fn filled(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file()
        .set_permissions(Permissions::from_mode(0o644))?;
    Ok(file)
}

/// The trouble that keeps everybody from writing to a folder's file system, if any
/// does: no room, or no working disk. It is found by writing there. Programs that
/// fail for such a reason say so in words alone, or not at all.
pub fn trouble(folder: &Path) -> Option<StorageError> {
    let written = NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(&[0; PROBE])?;
        file.as_file().sync_all()
    });
    let error = written.at("write to", folder).err()?;
    error.is_everywhere().then_some(error)
}

/// Adds to a regular file, which is made where there is none. A link in its place
/// is refused.
///
/// # Errors
/// When the system refuses, and for what is no regular file.
pub fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK))
        .open(path)?;
    regular(file)?.write_all(bytes)
}

/// Opens a lock file, which is made where there is none and never emptied. A
/// link in its place is refused.
///
/// # Errors
/// When the system refuses, and for what is no regular file.
pub fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK))
        .open(path)?;
    regular(file)
}

/// The file, if it is a regular one.
pub(super) fn regular(file: File) -> io::Result<File> {
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    match kind.is_dir() {
        true => Err(ErrorKind::IsADirectory.into()),
        false => Err(io::Error::new(
            ErrorKind::InvalidInput,
            "it is not a regular file",
        )),
    }
}

fn too_large(limit: u64) -> io::Error {
    io::Error::new(
        ErrorKind::FileTooLarge,
        format!("it is larger than {limit} bytes"),
    )
}

/// As the standard library takes them.
fn flags(flags: OFlags) -> i32 {
    i32::try_from(flags.bits()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    #[test]
    fn only_regular_files_within_bounds_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "12345").unwrap();
        assert_eq!(read(&at("file"), 5).unwrap(), b"12345");
        let kind = |path: &Path, limit| read(path, limit).unwrap_err().kind();
        assert_eq!(kind(&at("file"), 4), ErrorKind::FileTooLarge);
        assert_eq!(kind(&at("gone"), 4), ErrorKind::NotFound);
        assert_eq!(kind(dir.path(), 4), ErrorKind::IsADirectory);
        let huge = File::create(at("huge")).unwrap();
        huge.set_len(1 << 40).unwrap();
        assert_eq!(kind(&at("huge"), 1 << 20), ErrorKind::FileTooLarge);
        let made = Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        assert_eq!(kind(&at("pipe"), 4), ErrorKind::InvalidInput);
        assert_eq!(kind(Path::new("/dev/zero"), 4), ErrorKind::InvalidInput);
        // Tells no size.
        assert_eq!(
            kind(Path::new("/proc/self/maps"), 4),
            ErrorKind::FileTooLarge
        );
        std::fs::write(at("bytes"), [0xff]).unwrap();
        let error = read_text(&at("bytes"), 4).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn nothing_that_writes_follows_a_link_or_waits_for_a_pipe() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("victim"), "old").unwrap();
        symlink(at("victim"), at("link")).unwrap();
        assert!(lock(&at("link")).is_err());
        write(&at("link"), b"new").unwrap();
        assert_eq!(std::fs::read(at("victim")).unwrap(), b"old");
        assert_eq!(std::fs::read(at("link")).unwrap(), b"new");
        lock(&at("link")).unwrap().lock().unwrap();
        assert_eq!(std::fs::read(at("link")).unwrap(), b"new", "not emptied");
        Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(lock(&at("pipe")).is_err());
        assert!(append(&at("pipe"), b"x").is_err());
        symlink(at("victim"), at("other")).unwrap();
        assert!(append(&at("other"), b"x").is_err());
        append(&at("added"), b"a").unwrap();
        append(&at("added"), b"b").unwrap();
        assert_eq!(std::fs::read(at("added")).unwrap(), b"ab");
    }
}
