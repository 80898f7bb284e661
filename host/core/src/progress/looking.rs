//! Stages that look at apps before anything is built.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stage that looks at all apps, several at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Looking {
    /// Recipes are loaded.
    Load,
    /// Recipes are asked for their versions, and upstream through them.
    Discover,
    /// The registry is asked what it has.
    Check,
}

impl fmt::Display for Looking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load => "load",
            Self::Discover => "discover",
            Self::Check => "check",
        })
    }
}
