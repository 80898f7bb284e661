//! Formats of archives, and how one is told.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};

use super::UnpackError;

/// Memory that decompressing xz may take, in KiB: that of `xz -9`.
const XZ_MEMORY: u32 = 128 << 10;
/// Logarithm of the bytes that decompressing Zstandard may look back: that of
/// `zstd --ultra -22`.
const ZSTD_WINDOW: u32 = 27;
const BUFFER: usize = 1 << 16;
/// Bytes of a tar header.
const HEADER: usize = 512;

/// The format of an archive (the contract's `fetch.archive-format`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One of the others, told by its first bytes and its name.
    Auto,
    /// A tar archive, compressed or not.
    Tar(Compression),
    /// A ZIP archive.
    Zip,
    /// The files that a Debian package installs.
    Deb,
    /// One file, compressed.
    File(Compression),
}

/// The compression of a stream of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// xz.
    Xz,
    /// Zstandard (RFC 8878).
    Zstd,
    /// bzip2.
    Bzip2,
}

impl Compression {
    /// The compression that a stream begins like.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
        Some(match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            _ if start.starts_with(&ZSTD) => Self::Zstd,
            // A frame to skip, which pzstd begins with.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => return None,
        })
    }

    /// The compression of an archive's member, by its suffix: `xz` of
    /// `data.tar.xz`.
    pub(super) fn named(suffix: &str) -> Option<Self> {
        Some(match suffix {
            "" => Self::None,
            "gz" => Self::Gzip,
            "xz" => Self::Xz,
            "zst" => Self::Zstd,
            "bz2" => Self::Bzip2,
            _ => return None,
        })
    }

    /// Reads what is compressed, streams one after the other.
    ///
    /// # Errors
    /// Where the decompressor cannot be set up.
    pub(super) fn reader<'a>(self, from: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        let from = BufReader::with_capacity(BUFFER, from);
        Ok(match self {
            Self::None => Box::new(from),
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(from)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(from, true, XZ_MEMORY)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(from)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(from)),
        })
    }
}

impl Format {
    /// The format of a file with this name; itself, where it is not
    /// [`Auto`](Self::Auto).
    ///
    /// # Errors
    /// [`UnpackError::Unknown`] where it looks like none, or the file cannot be
    /// read.
    pub(super) fn found(self, file: &mut File, name: &str) -> Result<Self, UnpackError> {
        if self != Self::Auto {
            return Ok(self);
        }
        let start = start(&mut *file)?;
        let found = if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
            Some(Self::Zip)
        } else if start.starts_with(b"!<arch>\n") {
            Some(Self::Deb)
        } else if let Some(compression) = Compression::of(&start) {
            file.rewind().map_err(UnpackError::Damaged)?;
            let inside = compression.reader(&mut *file).and_then(start_of);
            let inside = inside.map_err(UnpackError::Damaged)?;
            Some(match names_tar(name) || is_tar(&inside) {
                true => Self::Tar(compression),
                false => Self::File(compression),
            })
        } else {
            is_tar(&start).then_some(Self::Tar(Compression::None))
        };
        file.rewind().map_err(UnpackError::Damaged)?;
        found.ok_or(UnpackError::Unknown)
    }
}

/// A file's first bytes.
fn start(file: &mut File) -> Result<Vec<u8>, UnpackError> {
    file.rewind()
        .and_then(|()| start_of(file))
        .map_err(UnpackError::Damaged)
}

fn start_of(from: impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    from.take(HEADER as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// Whether a name says that there is a tar archive inside.
fn names_tar(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let short = [".tgz", ".taz", ".txz", ".tzst", ".tbz", ".tbz2", ".tb2"];
    let long = name
        .rsplit_once('.')
        .is_some_and(|(rest, _)| rest.ends_with(".tar"));
    long || short.iter().any(|suffix| name.ends_with(suffix))
}

/// Whether this is a tar header: its checksum is right.
fn is_tar(start: &[u8]) -> bool {
    let Ok(block) = <&[u8; HEADER]>::try_from(start) else {
        return false;
    };
    let header = tar::Header::from_byte_slice(block);
    // The sum with spaces in place of itself.
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| match (148..156).contains(&at) {
            true => u32::from(b' '),
            false => u32::from(*byte),
        })
        .sum();
    block.iter().any(|byte| *byte != 0) && header.cksum().is_ok_and(|wanted| wanted == sum)
}
