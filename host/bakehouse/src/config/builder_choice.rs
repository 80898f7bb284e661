//! The choice of a builder for each platform.

use std::fmt;
use std::str::FromStr;

use bakehouse_core::platform::{Platform, PlatformError};
use serde::{Deserialize, Deserializer};

/// A buildx builder, written `NAME`, or `OS/ARCH=NAME` where it is for one
/// platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuilderChoice {
    /// The platform; none: any that it can build.
    pub platform: Option<Platform>,
    /// The builder's name, as in `docker buildx ls`.
    pub name: String,
}

/// A text that chooses no builder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// The text before `=` is no platform.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The text behind it is no builder's name.
    #[error(
        "a builder's name is letters, digits, `.`, `_` and `-`, as `docker buildx ls` prints it, not `{}`",
        .0.escape_debug()
    )]
    Name(String),
}

impl FromStr for BuilderChoice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        let (platform, name) = match text.split_once('=') {
            Some((platform, name)) => (Some(platform.trim().parse()?), name),
            None => (None, text),
        };
        let name = name.trim();
        // buildx's own rule for names, but for contexts of Docker's.
        let part = |b: u8| b.is_ascii_alphanumeric() || b"._-/".contains(&b);
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.bytes().all(part) {
            return Err(ChoiceError::Name(name.to_owned()));
        }
        Ok(Self {
            platform,
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for BuilderChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.platform {
            Some(platform) => write!(f, "{platform}={}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// One text, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Reads `builder` of `bakehouse.toml`.
pub(super) fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<BuilderChoice>, D::Error> {
    let texts = match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    };
    texts
        .iter()
        .map(|text| text.parse().map_err(serde::de::Error::custom))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::config::ProjectFile;

    #[test]
    fn one_builder_or_several() {
        let read = |text: &str| {
            let file: ProjectFile = toml::from_str(text).unwrap();
            let shown = file.builder.iter().map(ToString::to_string);
            shown.collect::<Vec<_>>()
        };
        assert_eq!(read(""), [""; 0]);
        assert_eq!(read("builder = \"a\""), ["a"]);
        assert_eq!(
            read("builder = [\"linux/arm64=far\", \"a\"]"),
            ["linux/arm64=far", "a"]
        );
        assert!(toml::from_str::<ProjectFile>("builder = \"arm=a\"").is_err());
    }
}
