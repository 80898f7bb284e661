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

impl FromStr for BuilderChoice {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let (platform, name) = match text.split_once('=') {
            Some((platform, name)) => (Some(platform.trim().parse()?), name),
            None => (None, text),
        };
        Ok(Self {
            platform,
            name: name.trim().to_owned(),
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
