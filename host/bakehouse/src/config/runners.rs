//! The `[runners]` table of `bakehouse.toml`.

use std::collections::{BTreeMap, BTreeSet};

use bakehouse_core::platform::Platform;
use serde::Deserialize;

/// The runner for platforms that have none of their own, and for jobs that
/// build nothing. It is an amd64 machine.
const DEFAULT: &str = "ubuntu-24.04";

/// Labels of GitHub Actions runners, by the platform that is native there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Runners(BTreeMap<Platform, String>);

impl Runners {
    /// The label of the runner that builds for a platform.
    #[must_use]
    pub fn of(&self, platform: &Platform) -> &str {
        self.0.get(platform).map_or(DEFAULT, String::as_str)
    }

    /// Whether a platform's runner must emulate it: it has no runner of its own.
    #[must_use]
    pub fn needs_qemu(&self, platform: &Platform) -> bool {
        let default = (platform.os(), platform.architecture()) == ("linux", "amd64");
        !default && !self.0.contains_key(platform)
    }

    /// The label for jobs that build nothing.
    #[must_use]
    pub const fn default_label(&self) -> &'static str {
        DEFAULT
    }

    /// All labels, sorted: the default one and those of the table.
    pub fn labels(&self) -> BTreeSet<&str> {
        std::iter::once(DEFAULT)
            .chain(self.0.values().map(String::as_str))
            .collect()
    }
}
