//! Unpacking archives that nobody here has seen before.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use tar::EntryType;

use crate::recipe::CallError;

/// What to do with the bytes of a download (the contract's `fetch.unpack`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpack {
    /// Write them to a file.
    None,
    /// Unpack a tar archive, dropping leading path components.
    Tar(u32),
    /// The same, gzip-compressed.
    TarGz(u32),
}

/// Most bytes an archive may unpack to.
const MAX_BYTES: u64 = 8 << 30;
/// Most entries an archive may have.
const MAX_ENTRIES: usize = 500_000;

/// Unpacks into `folder`, which is created and not there before.
pub(super) fn unpack(archive: &Path, how: Unpack, folder: &Path) -> Result<(), CallError> {
    let file = File::open(archive).map_err(other)?;
    match how {
        Unpack::None => fs::copy(archive, folder).map(drop).map_err(other),
        Unpack::Tar(strip) => unpack_tar(file, strip, folder),
        Unpack::TarGz(strip) => unpack_tar(GzDecoder::new(file), strip, folder),
    }
}

fn unpack_tar(reader: impl Read, strip: u32, folder: &Path) -> Result<(), CallError> {
    fs::create_dir(folder).map_err(other)?;
    let mut archive = tar::Archive::new(reader.take(MAX_BYTES));
    let mut left = MAX_BYTES;
    for (count, entry) in archive.entries().map_err(malformed)?.enumerate() {
        let mut entry = entry.map_err(malformed)?;
        if count >= MAX_ENTRIES {
            return Err(refused("", "has more entries than are allowed"));
        }
        left = left
            .checked_sub(entry.size())
            .ok_or_else(|| refused("", "unpacks to more bytes than are allowed"))?;
        let name = entry.path().map_err(malformed)?.into_owned();
        let shown = name.display().to_string();
        let Some(path) = inside(&name, strip).map_err(|why| refused(&shown, why))? else {
            continue;
        };
        let path = folder.join(path);
        match entry.header().entry_type() {
            EntryType::Directory => fs::create_dir_all(&path).map_err(other)?,
            EntryType::Regular | EntryType::Continuous => {
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent).map_err(other)?;
                }
                let executable = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
                // Links are never made, so nothing here leads out.
                let mut file = File::create(&path).map_err(other)?;
                io::copy(&mut entry, &mut file).map_err(malformed)?;
                let mode = if executable { 0o755 } else { 0o644 };
                file.set_permissions(fs::Permissions::from_mode(mode))
                    .map_err(other)?;
            }
            EntryType::XGlobalHeader => {}
            _ => return Err(refused(&shown, "is neither a file nor a folder")),
        }
    }
    Ok(())
}

/// The entry's path below the folder; none when stripping leaves nothing.
fn inside(name: &Path, strip: u32) -> Result<Option<PathBuf>, &'static str> {
    let mut path = PathBuf::new();
    let mut skipped = 0;
    for component in name.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(_) if skipped < strip => skipped += 1,
            Component::Normal(part) => path.push(part),
            Component::ParentDir => return Err("has a `..`"),
            Component::RootDir | Component::Prefix(_) => return Err("is absolute"),
        }
    }
    Ok((path != Path::new("")).then_some(path))
}

fn refused(entry: &str, why: &str) -> CallError {
    let entry = if entry.is_empty() {
        String::new()
    } else {
        format!("entry `{entry}` ")
    };
    CallError::InvalidInput(format!("the archive cannot be unpacked: {entry}{why}"))
}

#[expect(clippy::needless_pass_by_value, reason = "used as a map_err function")]
fn malformed(error: io::Error) -> CallError {
    CallError::InvalidInput(format!("the archive cannot be unpacked: {error}"))
}

#[expect(clippy::needless_pass_by_value, reason = "used as a map_err function")]
fn other(error: io::Error) -> CallError {
    CallError::Other(format!("cannot write to the work tree: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, EntryType)]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut builder = tar::Builder::new(file.as_file());
        for (name, kind) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o4777);
            header.set_size(0);
            // Written raw: the builder refuses what this test needs.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            if *kind == EntryType::Symlink {
                header.set_link_name("/etc").unwrap();
            }
            header.set_cksum();
            builder.append(&header, io::empty()).unwrap();
        }
        builder.finish().unwrap();
        drop(builder);
        file
    }

    #[test]
    fn strips_and_tames_modes() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("x");
        let file = archive(&[
            ("package", EntryType::Directory),
            ("package/bin/tool", EntryType::Regular),
        ]);
        unpack(file.path(), Unpack::Tar(1), &into).unwrap();
        let mode = fs::metadata(into.join("bin/tool"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o755);
    }

    #[test]
    fn refuses_what_could_leave_the_folder() {
        for (name, kind) in [
            ("../x", EntryType::Regular),
            ("/etc/x", EntryType::Regular),
            ("a/../../x", EntryType::Regular),
            ("link", EntryType::Symlink),
            ("link", EntryType::Link),
            ("dev", EntryType::Char),
            ("fifo", EntryType::Fifo),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let error = unpack(
                archive(&[(name, kind)]).path(),
                Unpack::Tar(0),
                &folder.path().join("x"),
            )
            .unwrap_err();
            assert!(
                matches!(error, CallError::InvalidInput(_)),
                "{name}: {error}"
            );
        }
    }

    #[test]
    fn garbage_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "this is not an archive".repeat(99)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        assert!(unpack(file.path(), Unpack::TarGz(0), &folder.path().join("x")).is_err());
    }
}
