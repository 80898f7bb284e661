//! Downloads into the work tree.

pub use crate::__bindings::bakehouse::recipe::fetch::{Archive, ArchiveFormat, Downloaded, Unpack};

use crate::__bindings::bakehouse::recipe::fetch as host;
use crate::Error;

/// Downloads `url` to `into` in the work tree: as the one file that it is
/// ([`Unpack::None`]), or what an [`Archive`] holds.
///
/// Give `integrity` (`sha512-...`, `sha256:HEX`) whenever upstream publishes one:
/// nothing appears in the work tree before it was verified.
///
/// # Errors
/// As the contract's `fetch.download`.
pub fn download(
    url: &str,
    integrity: Option<&str>,
    into: &str,
    unpack: impl Into<Unpack>,
) -> Result<Downloaded, Error> {
    host::download(url, integrity, into, &unpack.into())
}

impl Archive {
    /// An archive of this format; everything in it.
    #[must_use]
    pub const fn new(format: ArchiveFormat) -> Self {
        Self {
            format,
            strip: 0,
            members: Vec::new(),
        }
    }

    /// An archive whose format is told by the file itself and its name.
    #[must_use]
    pub const fn auto() -> Self {
        Self::new(ArchiveFormat::Auto)
    }

    /// A tar archive, compressed with gzip.
    #[must_use]
    pub const fn tar_gz() -> Self {
        Self::new(ArchiveFormat::TarGz)
    }

    /// Drops this many leading components of each path.
    #[must_use]
    pub const fn strip(mut self, components: u32) -> Self {
        self.strip = components;
        self
    }

    /// Takes this path alone, and others that are named so; without the
    /// components that are stripped, `*` for any text within one.
    #[must_use]
    pub fn member(mut self, path: &str) -> Self {
        self.members.push(path.to_owned());
        self
    }
}

impl From<Archive> for Unpack {
    fn from(archive: Archive) -> Self {
        Self::Archive(archive)
    }
}
