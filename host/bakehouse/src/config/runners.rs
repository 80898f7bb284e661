//! The `[runners]` table of `bakehouse.toml`.

use std::collections::{BTreeMap, BTreeSet};

use bakehouse_core::platform::Platform;
use serde::{Deserialize, Deserializer};

use super::project_file::unfit;

/// The runner for platforms that have none of their own, and for jobs that
/// build nothing. It is an amd64 machine.
const DEFAULT: &str = "ubuntu-24.04";

/// Labels of GitHub Actions runners, by the platform that is native there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(extend("examples" = [{ "linux/arm64": "ubuntu-24.04-arm" }]))
)]
#[serde(transparent)]
pub struct Runners(BTreeMap<Platform, Label>);

/// A runner's label, which stands in workflow files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label(String);

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let part = |b: u8| b.is_ascii_alphanumeric() || b"-_./: @".contains(&b);
        match !text.trim().is_empty() && text.bytes().all(part) {
            true => Ok(Self(text)),
            false => Err(unfit(&text, "a runner's label, e.g. `ubuntu-24.04-arm`")),
        }
    }
}

impl Runners {
    /// The label of the runner that builds for a platform.
    #[must_use]
    pub fn of(&self, platform: &Platform) -> &str {
        self.0.get(platform).map_or(DEFAULT, |label| &label.0)
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
            .chain(self.0.values().map(|label| label.0.as_str()))
            .collect()
    }
}
