//! OCI platforms.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::nearest::nearest;

/// A text that is no platform; it says which one was meant, where that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a platform{}", like(.meant.as_deref()))]
pub struct PlatformError {
    text: String,
    meant: Option<String>,
}

fn like(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!(" (did you mean `{meant}`?)"))
}

/// Architectures as kernels, Debian and Rust call them, and as OCI does: the
/// architecture and its variant (`GOARCH`, containerd's `platforms` package).
const ARCHITECTURES: [(&str, &str); 33] = [
    ("386", "386"),
    ("amd64", "amd64"),
    ("arm", "arm"),
    ("arm64", "arm64"),
    ("loong64", "loong64"),
    ("mips", "mips"),
    ("mips64", "mips64"),
    ("mips64le", "mips64le"),
    ("mipsle", "mipsle"),
    ("ppc64", "ppc64"),
    ("ppc64le", "ppc64le"),
    ("riscv64", "riscv64"),
    ("s390x", "s390x"),
    ("sparc64", "sparc64"),
    ("aarch64", "arm64"),
    ("arm64v8", "arm64"),
    ("armel", "arm/v6"),
    ("armhf", "arm/v7"),
    ("arm5", "arm/v5"),
    ("arm6", "arm/v6"),
    ("arm7", "arm/v7"),
    ("arm32v5", "arm/v5"),
    ("arm32v6", "arm/v6"),
    ("arm32v7", "arm/v7"),
    ("armv5", "arm/v5"),
    ("armv6", "arm/v6"),
    ("armv6l", "arm/v6"),
    ("armv7", "arm/v7"),
    ("armv7l", "arm/v7"),
    ("i386", "386"),
    ("i686", "386"),
    ("x86_64", "amd64"),
    ("x86-64", "amd64"),
];

/// The platform that a text stands for, where its words are those of another
/// convention: `arm64`, `x86_64`, `linux/armv7`, `Linux/ARM64`.
fn meant(text: &str) -> Option<String> {
    let plain = text.trim().to_lowercase();
    let parts: Vec<&str> = plain.split(['/', ':']).collect();
    let (os, architecture, variant) = match *parts.as_slice() {
        [architecture] => ("linux", architecture, None),
        [os, architecture] if named(os).is_none() => (os, architecture, None),
        [architecture, variant] => ("linux", architecture, Some(variant)),
        [os, architecture, variant] => (os, architecture, Some(variant)),
        _ => return None,
    };
    let known = named(architecture).or_else(|| misspelt(architecture))?;
    let meant = match variant {
        Some(number) if known == "arm" && number.parse::<u8>().is_ok() => {
            format!("{os}/arm/v{number}")
        }
        Some(variant) => format!("{os}/{known}/{variant}"),
        None => format!("{os}/{known}"),
    };
    (meant != text && valid(&meant)).then_some(meant)
}

fn named(architecture: &str) -> Option<&'static str> {
    let mut known = ARCHITECTURES.iter();
    let (_, oci) = known.find(|(name, _)| *name == architecture)?;
    Some(oci)
}

/// Tells whether an operating system is none, or has no such architecture.
fn is_none(os: &str, architecture: &str) -> bool {
    let of_linux = ARCHITECTURES.contains(&(architecture, architecture));
    named(os).is_some() || (os == "linux" && !of_linux)
}

/// The architecture that is written much the same.
fn misspelt(architecture: &str) -> Option<&'static str> {
    let names = ARCHITECTURES.iter().map(|(name, _)| *name);
    nearest(architecture, names).and_then(named)
}

fn valid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    (2..=3).contains(&parts.len()) && parts.into_iter().all(good)
}

fn good(part: &str) -> bool {
    !part.is_empty()
        && part
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-'))
        && !part.starts_with('.')
}

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

    /// Reads what people write. An architecture of Linux that there is not, or that
    /// has another name, is an error: no image is for it. What an image says
    /// of itself is not read by this ([`from_oci`](Self::from_oci)).
    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(os), Some(architecture), _, None) if is_none(os, architecture) => {
                Err(invalid(text))
            }
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
    PlatformError {
        text: text.to_owned(),
        meant: meant(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_words_for_a_platform_are_told_in_its_own() {
        for (text, meant) in [
            ("arm64", "linux/arm64"),
            ("x86_64", "linux/amd64"),
            ("Linux/ARM64", "linux/arm64"),
            ("linux/armv7", "linux/arm/v7"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/amd46", "linux/amd64"),
            ("linux/arm7", "linux/arm/v7"),
            ("arm/v7", "linux/arm/v7"),
            ("arm/7", "linux/arm/v7"),
            ("linux/sparc", "linux/sparc64"),
            ("linux/vax", "nothing"),
            ("linux/arm64/v8/x", "nothing"),
            ("", "nothing"),
            ("everything", "nothing"),
        ] {
            let said = text.parse::<Platform>().unwrap_err().to_string();
            let expected = match meant {
                "nothing" => format!("`{text}` is not a platform"),
                meant => format!("`{text}` is not a platform (did you mean `{meant}`?)"),
            };
            assert_eq!(said, expected);
        }
    }

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
