//! Reasons to build an image, as a plan tells them.

use std::collections::BTreeMap;
use std::fmt;

use bakehouse_core::platform::Platform;
use serde::{Deserialize, Serialize};

/// The reasons why an image is built, or why it might be worth building again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Reason {
    /// The registry has nothing of this version.
    NewVersion,
    /// The version's tag lacks platforms.
    Missing {
        /// These.
        platforms: Vec<Platform>,
    },
    /// Published images were made by another recipe than there is now.
    RecipeChanged {
        /// Digest of the recipe that made each of them.
        from: BTreeMap<Platform, String>,
        /// Digest of the recipe that there is now.
        to: String,
    },
    /// Published images do not tell which recipe made them.
    RecipeUnknown {
        /// These.
        platforms: Vec<Platform>,
    },
    /// It is not published, and these are built on it.
    Needed {
        /// Names of images.
        by: Vec<String>,
    },
    /// A rebuild was asked for.
    Forced,
    /// A reason that a later version of the program knows.
    #[serde(other)]
    Other,
}

impl Reason {
    /// Whether another recipe than there is now made a published image, as far
    /// as anybody knows.
    #[must_use]
    pub const fn is_recipe(&self) -> bool {
        matches!(
            self,
            Self::RecipeChanged { .. } | Self::RecipeUnknown { .. }
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |platforms: Vec<&Platform>| {
            let texts: Vec<String> = platforms.into_iter().map(ToString::to_string).collect();
            texts.join(" ")
        };
        match self {
            Self::NewVersion => f.write_str("new version"),
            Self::Missing { platforms } => {
                write!(f, "missing {}", list(platforms.iter().collect()))
            }
            Self::RecipeChanged { from, .. } => {
                write!(f, "recipe changed for {}", list(from.keys().collect()))
            }
            Self::RecipeUnknown { platforms } => {
                write!(f, "recipe unknown for {}", list(platforms.iter().collect()))
            }
            Self::Needed { by } => write!(f, "needed by {}", by.join(", ")),
            Self::Forced => f.write_str("forced"),
            Self::Other => f.write_str("other"),
        }
    }
}
