//! Targets: one app, version, image and platform each.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::platform::Platform;

/// Names one target: app, version, image and platform. Errors, progress lines
/// and digest files all use it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TargetId {
    /// App name.
    pub app: String,
    /// Version number.
    pub version: String,
    /// Image name.
    pub image: String,
    /// Platform.
    pub platform: Platform,
}

impl TargetId {
    /// The path of its digest file below a digests folder:
    /// `<app>/<version>/<image>/<os>-<arch>[-<variant>].json`.
    #[must_use]
    pub fn digest_file(&self) -> PathBuf {
        [&self.app, &self.version, &self.image]
            .iter()
            .collect::<PathBuf>()
            .join(format!("{}.json", self.platform.slug()))
    }
}

impl fmt::Display for TargetId {
    /// `outline 1.2.3 base-outline linux/arm64`; the image only where it has
    /// another name than the app.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.app, self.version)?;
        if self.image != self.app {
            write!(f, " {}", self.image)?;
        }
        write!(f, " {}", self.platform)
    }
}
