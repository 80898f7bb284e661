//! Where releases are listed.

use std::fmt;
use std::str::FromStr;

use crate::recipe::CallError;

/// A release source, written `kind:name`. The same text is its grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// An npm package, by name.
    Npm(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Npm(name) => write!(f, "npm:{name}"),
        }
    }
}

impl FromStr for Source {
    type Err = CallError;

    fn from_str(text: &str) -> Result<Self, CallError> {
        match text.split_once(':') {
            Some(("npm", name)) if !name.is_empty() => Ok(Self::Npm(name.to_owned())),
            _ => Err(CallError::InvalidInput(format!(
                "`{text}` is not a release source; this host knows npm:PACKAGE"
            ))),
        }
    }
}
