//! ZIP archives (APPNOTE 6.3), Python's wheels among them.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use jiff::civil;
use jiff::tz::TimeZone;
use zip::ZipReadOptions;
use zip::read::Config;
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

use super::{Item, Kind, Metered, UnpackError, Unpacking, refused};

/// Bytes in which the end of an archive is looked for.
const SEARCH: u64 = 32 << 20;
/// Bytes of a link's target.
const TARGET: u64 = 4096;
/// Kinds of files in the upper half of an entry's attributes (`st_mode`).
const KIND: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const FILE: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;

/// Unpacks every entry.
///
/// One after the other: `ZipArchive` makes room for as many as an archive says that
/// it has.
pub(super) fn unpack(file: &File, unpacking: &mut Unpacking<'_>) -> Result<(), UnpackError> {
    let left = Cell::new(SEARCH);
    let reader = || BufReader::new(Bounded::new(file, &left));
    let mut archive = ZipIterable::try_new(reader(), Config::default()).map_err(unread)?;
    left.set(u64::MAX);
    let all = archive.files_with_reader(reader(), ZipReadOptions::default());
    let mut all = all.map_err(unread)?;
    while let Some(entry) = all.next() {
        unpacking.count(1)?;
        let mut entry = entry.map_err(unread)?;
        let name = PathBuf::from(entry.name().map_err(unread)?.into_owned());
        let mode = entry.unix_mode().unwrap_or(0);
        let modified = entry.last_modified().and_then(seconds);
        let kind = match mode & KIND {
            LINK => Kind::Link(target(&mut entry, &name)?),
            _ if entry.is_dir() => Kind::Folder,
            0 | FILE => Kind::File {
                executable: mode & 0o100 != 0,
                modified,
            },
            FOLDER => Kind::Folder,
            _ => Kind::Other,
        };
        let item = Item { name, kind };
        unpacking.item(&item, &mut entry)?;
        // What was not wanted of it counts, too.
        unpacking.copy(&mut entry, io::sink(), &item.name)?;
    }
    Ok(())
}

/// A link's target, which is its content.
fn target(entry: &mut impl Read, name: &Path) -> Result<PathBuf, UnpackError> {
    let mut target = Vec::new();
    let read = entry.take(TARGET).read_to_end(&mut target);
    read.map_err(UnpackError::Damaged)?;
    match target.is_empty() {
        true => Err(refused(name, "is a link without a target")),
        false => Ok(OsString::from_vec(target).into()),
    }
}

/// Seconds since 1970 of a date in an archive, which has no time zone; taken as
/// UTC, so that it is the same everywhere.
fn seconds(date: zip::DateTime) -> Option<u64> {
    let small = |number: u8| i8::try_from(number).ok();
    let time = civil::DateTime::new(
        i16::try_from(date.year()).ok()?,
        small(date.month())?,
        small(date.day())?,
        small(date.hour())?,
        small(date.minute())?,
        small(date.second())?,
        0,
    );
    let time = TimeZone::UTC.to_timestamp(time.ok()?).ok()?;
    u64::try_from(time.as_second()).ok()
}

fn unread(error: ZipError) -> UnpackError {
    match error {
        ZipError::Io(error) => UnpackError::Damaged(error),
        other => UnpackError::Damaged(io::Error::new(io::ErrorKind::InvalidData, other)),
    }
}

/// The file at a place of its own, of which only so much is read while it is
/// opened.
struct Bounded<'a> {
    file: &'a File,
    at: u64,
    left: &'a Cell<u64>,
}

impl<'a> Bounded<'a> {
    const fn new(file: &'a File, left: &'a Cell<u64>) -> Self {
        Self { file, at: 0, left }
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let here = Here(self.file, self.at);
        let size = Metered {
            inner: here,
            left: self.left,
            what: "the end of its list of entries is not within 33554432 bytes",
        }
        .read(buffer)?;
        self.at = self.at.saturating_add(size as u64);
        Ok(size)
    }
}

impl Seek for Bounded<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// A file, read from a place.
struct Here<'a>(&'a File, u64);

impl Read for Here<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(buffer, self.1)
    }
}
