//! Debian packages (deb(5)): an `ar` archive of three members, of which the last
//! is a tar archive of what is installed.
//!
//! The crate for `ar` makes room for whatever size a header names.

use std::io::{self, Read};

use super::format::Compression;

/// First bytes of the archive.
const MAGIC: &[u8; 8] = b"!<arch>\n";
/// Bytes of a member's header (ar(5)): name, date, owner, group, mode, size, end.
const HEADER: usize = 60;
/// Members before the one that is wanted.
const MEMBERS: usize = 10;

/// The package's `data.tar`, and how it is compressed.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] where it is no package, or has none.
pub(super) fn data(mut package: impl Read) -> io::Result<(impl Read, Compression)> {
    let mut magic = [0; MAGIC.len()];
    package.read_exact(&mut magic)?;
    if &magic != MAGIC {
        return Err(damaged("it is no Debian package"));
    }
    for member in 0..MEMBERS {
        let mut header = [0; HEADER];
        package.read_exact(&mut header)?;
        let (name, size) = parsed(&header).ok_or_else(|| damaged("a member has no header"))?;
        if member == 0 && name != "debian-binary" {
            return Err(damaged("its first member is not debian-binary"));
        }
        if let Some(suffix) = name.strip_prefix("data.tar") {
            let suffix = suffix.strip_prefix('.').unwrap_or(suffix);
            let compression = Compression::named(suffix)
                .ok_or_else(|| damaged("data.tar is compressed in another way"))?;
            return Ok((Whole(package.take(size)), compression));
        }
        let padded = size + size % 2;
        if io::copy(&mut (&mut package).take(padded), &mut io::sink())? != padded {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Err(damaged("it has no data.tar"))
}

/// A member, whose end is not that of the file.
struct Whole<R>(io::Take<R>);

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if self.0.limit() > 0 && !buffer.is_empty() => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            size => Ok(size),
        }
    }
}

/// A member's name and size.
fn parsed(header: &[u8; HEADER]) -> Option<(&str, u64)> {
    let text = std::str::from_utf8(header).ok()?;
    let name = text.get(..16)?.trim_end().trim_end_matches('/');
    let size = text.get(48..58)?.trim_end().parse().ok()?;
    (text.get(58..)? == "`\n").then_some((name, size))
}

fn damaged(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
