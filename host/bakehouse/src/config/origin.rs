//! The origin of a setting: flag, variable, file or default.

use std::fmt;

/// The origin of a setting. One that redirects a publish is not to go unnoticed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// This flag.
    Flag(&'static str),
    /// This environment variable.
    Variable(&'static str),
    /// `bakehouse.toml`.
    File,
    /// Nothing: it is the default.
    #[default]
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::File => f.write_str("bakehouse.toml"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The origins of the settings that the command line and the environment give; none
/// where they do not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Given {
    /// Of the registry.
    pub registry: Option<Origin>,
    /// Of the namespace.
    pub namespace: Option<Origin>,
    /// Of the platforms.
    pub platforms: Option<Origin>,
    /// Of how many versions are looked at.
    pub max_versions: Option<Origin>,
}

impl Given {
    /// The origin of a setting that the file says (`in_file`), or not.
    #[must_use]
    pub fn or_file(given: Option<Origin>, in_file: bool) -> Origin {
        given.unwrap_or(if in_file {
            Origin::File
        } else {
            Origin::Default
        })
    }
}
