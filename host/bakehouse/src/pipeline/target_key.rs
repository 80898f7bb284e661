//! Target of an app as the key of a JSON object.

use std::fmt;
use std::str::FromStr;

use bakehouse_core::platform::Platform;
use bakehouse_core::target::TargetId;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A target among those of its app; `VERSION IMAGE PLATFORM` as text. None of the
/// three has a space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetKey {
    /// Version number.
    pub version: String,
    /// Image name.
    pub image: String,
    /// Platform.
    pub platform: Platform,
}

impl TargetKey {
    /// The key of a target.
    #[must_use]
    pub fn of(target: &TargetId) -> Self {
        Self {
            version: target.version.clone(),
            image: target.image.clone(),
            platform: target.platform.clone(),
        }
    }
}

impl fmt::Display for TargetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.version, self.image, self.platform)
    }
}

impl FromStr for TargetKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(' ').collect();
        let [version, image, platform] = parts[..] else {
            return Err(format!(
                "`{text}` is no target: expected VERSION IMAGE PLATFORM"
            ));
        };
        Ok(Self {
            version: version.to_owned(),
            image: image.to_owned(),
            platform: platform.parse().map_err(|error| format!("{error}"))?,
        })
    }
}

impl Serialize for TargetKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TargetKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(Error::custom)
    }
}
