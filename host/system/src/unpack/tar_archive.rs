//! Tar archives, in all their dialects.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tar::{Archive, Entry, EntryType};

use super::{HEADERS, Item, Kind, Metered, UnpackError, Unpacking, refused};

/// Unpacks every entry.
pub(super) fn unpack(archive: impl Read, unpacking: &mut Unpacking<'_>) -> Result<(), UnpackError> {
    let headers = Cell::new(HEADERS);
    let mut archive = Archive::new(Metered {
        inner: archive,
        left: &headers,
        what: "an entry has more than 1048576 bytes of headers",
    });
    for entry in archive.entries().map_err(UnpackError::Damaged)? {
        unpacking.count(1)?;
        let mut entry = entry.map_err(UnpackError::Damaged)?;
        headers.set(u64::MAX);
        let name = match item(&entry)? {
            None => PathBuf::new(),
            Some(item) => {
                unpacking.item(&item, &mut entry)?;
                item.name
            }
        };
        // What was not wanted of it counts, too.
        unpacking.copy(&mut entry, io::sink(), &name)?;
        headers.set(HEADERS);
    }
    Ok(())
}

/// An entry, where it is not about the archive itself.
fn item<R: Read>(entry: &Entry<'_, R>) -> Result<Option<Item>, UnpackError> {
    let header = entry.header();
    let kind = header.entry_type();
    if matches!(kind, EntryType::XGlobalHeader) {
        return Ok(None);
    }
    let name = entry.path().map_err(UnpackError::Damaged)?.into_owned();
    let kind = match kind {
        EntryType::Directory => Kind::Folder,
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Kind::File {
            executable: header.mode().unwrap_or(0o644) & 0o100 != 0,
            modified: header.mtime().ok(),
        },
        EntryType::Symlink => Kind::Link(link_name(entry, &name)?),
        EntryType::Link => Kind::HardLink(link_name(entry, &name)?),
        _ => Kind::Other,
    };
    Ok(Some(Item { name, kind }))
}

fn link_name<R: Read>(entry: &Entry<'_, R>, name: &Path) -> Result<PathBuf, UnpackError> {
    match entry.link_name().map_err(UnpackError::Damaged)? {
        Some(target) if !target.as_os_str().is_empty() => Ok(target.into_owned()),
        _ => Err(refused(name, "is a link without a target")),
    }
}
