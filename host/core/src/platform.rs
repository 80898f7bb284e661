//! OCI platforms.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a platform")]
pub struct PlatformError(String);

/// An OCI platform, written `os/architecture[/variant]` (image-spec v1.1,
/// "Image Index Property Descriptions").
///
/// `linux/arm64/v8` is the same as `linux/arm64` and is normalised to it, as
/// containerd does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Platform {
    /// A platform from its parts.
    ///
    /// # Errors
    /// If a part is empty or has other characters than `a-z 0-9 . _ -`.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Result<Self, PlatformError> {
        let variant = variant.filter(|v| !v.is_empty());
        let parts = [Some(os), Some(architecture), variant];
        let good = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-'))
                && !part.starts_with('.')
        };
        if !parts.into_iter().flatten().all(good) {
            let text: Vec<_> = parts.into_iter().flatten().collect();
            return Err(invalid(&text.join("/")));
        }
        let variant = match (architecture, variant) {
            ("arm64", Some("v8")) | ("amd64", Some("v1")) => None,
            (_, other) => other.map(str::to_owned),
        };
        Ok(Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant,
        })
    }

    /// The platform of this machine, with Linux as its system.
    #[must_use]
    pub fn native() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Self {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: None,
        }
    }

    /// Operating system, as in `GOOS`.
    #[must_use]
    pub fn os(&self) -> &str {
        &self.os
    }

    /// CPU architecture, as in `GOARCH`.
    #[must_use]
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// CPU variant, e.g. `v7`.
    #[must_use]
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// Whether what is made for this platform runs on every machine of `machine`:
    /// the same system and architecture, of no later variant. Only amd64 runs a
    /// second architecture, 386, everywhere.
    #[must_use]
    pub fn runs_on(&self, machine: &Self) -> bool {
        let same = self.architecture == machine.architecture
            && (self.variant.is_none() || self.variant <= machine.variant);
        let narrow = self.architecture == "386" && machine.architecture == "amd64";
        self.os == machine.os && (same || narrow)
    }

    /// The platform as it stands in a descriptor.
    #[must_use]
    pub fn to_oci(&self) -> oci_spec::image::Platform {
        let mut platform = oci_spec::image::Platform::default();
        platform.set_os(self.os.as_str().into());
        platform.set_architecture(self.architecture.as_str().into());
        platform.set_variant(self.variant.clone());
        platform.set_os_version(None);
        platform.set_os_features(None);
        platform
    }

    /// The platform of a descriptor.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_oci(platform: &oci_spec::image::Platform) -> Result<Self, PlatformError> {
        Self::new(
            &platform.os().to_string(),
            &platform.architecture().to_string(),
            platform.variant().as_deref(),
        )
    }

    /// The platform as a file name: `linux-arm-v7`.
    #[must_use]
    pub fn slug(&self) -> String {
        self.to_string().replace('/', "-")
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(os), Some(architecture), variant, None) => {
                Self::new(os, architecture, variant).map_err(|_| invalid(text))
            }
            _ => Err(invalid(text)),
        }
    }
}

impl Serialize for Platform {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Platform {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

fn invalid(text: &str) -> PlatformError {
    PlatformError(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_prints() {
        for text in ["linux/amd64", "linux/arm/v7", "windows/amd64"] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), text);
        }
        let arm64: Platform = "linux/arm64/v8".parse().unwrap();
        assert_eq!(arm64.to_string(), "linux/arm64");
        assert_eq!(
            "linux/arm/v7".parse::<Platform>().unwrap().slug(),
            "linux-arm-v7"
        );
    }

    #[test]
    fn refuses_what_is_not_one() {
        for text in [
            "",
            "linux",
            "linux/",
            "a/b/c/d",
            "linux/AMD64",
            "../x",
            "linux/..",
            "linux/a b",
        ] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn runs_where_it_must() {
        let runs = |made: &str, machine: &str| {
            let parse = |text: &str| text.parse::<Platform>().unwrap();
            parse(made).runs_on(&parse(machine))
        };
        assert!(runs("linux/arm64", "linux/arm64/v8") && runs("linux/386", "linux/amd64"));
        assert!(runs("linux/arm/v6", "linux/arm/v7") && runs("linux/arm", "linux/arm/v7"));
        assert!(!runs("linux/arm/v7", "linux/arm/v6") && !runs("linux/arm/v7", "linux/arm64"));
        assert!(!runs("linux/amd64/v3", "linux/amd64") && !runs("linux/amd64", "linux/386"));
        assert!(!runs("linux/amd64", "linux/arm64") && !runs("windows/amd64", "linux/amd64"));
    }
}
