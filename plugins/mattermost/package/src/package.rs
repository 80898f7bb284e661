//! Upstream's packages.

use bakehouse_sdk::fetch::{self, Unpack};
use bakehouse_sdk::log::{self, Level};
use bakehouse_sdk::{Error, Platform};

use crate::image::FOLDER;

/// The path of the package in the build context.
pub(crate) const FILE: &str = "mattermost.tar.gz";

/// An edition, as upstream names its packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// Free software, the MIT licence on what upstream compiles.
    Team,
    /// Upstream's commercial edition; runs without a licence key, too.
    Enterprise,
}

/// One package: a version of an edition for a platform.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// The version's number, `10.5.0`.
    pub number: &'a str,
    /// The edition.
    pub edition: Edition,
    /// The platform its programs are for.
    pub platform: &'a Platform,
}

impl Package<'_> {
    /// Its file name.
    #[must_use]
    pub fn file_name(&self) -> String {
        let edition = match self.edition {
            Edition::Team => "team-",
            Edition::Enterprise => "",
        };
        let Platform {
            os, architecture, ..
        } = self.platform;
        format!(
            "mattermost-{edition}{}-{os}-{architecture}.tar.gz",
            self.number
        )
    }

    /// The URL at which upstream publishes it.
    #[must_use]
    pub fn url(&self) -> String {
        let name = self.file_name();
        format!("https://releases.mattermost.com/{}/{name}", self.number)
    }

    /// Lets the host fetch it into the build context. `checksums` are upstream's
    /// ([`checksums`](crate::checksums)); where the package has none, a warning
    /// says so.
    ///
    /// # Errors
    /// As `fetch.download`.
    pub fn fetch(&self, checksums: &[(String, String)]) -> Result<(), Error> {
        let integrity = self.checksum(checksums);
        if integrity.is_none() {
            let name = self.file_name();
            log::log(
                Level::Warn,
                &format!(
                    "upstream's release notes have no checksum of {name}; it is trusted as its server sends it"
                ),
            );
        }
        let into = format!("{FOLDER}/{FILE}");
        fetch::download(&self.url(), integrity, &into, Unpack::None)?;
        Ok(())
    }

    /// Its own among upstream's checksums.
    pub(crate) fn checksum<'a>(&self, checksums: &'a [(String, String)]) -> Option<&'a str> {
        let name = self.file_name();
        let checksum = checksums.iter().find(|(file, _)| *file == name);
        checksum.map(|(_, checksum)| checksum.as_str())
    }
}
