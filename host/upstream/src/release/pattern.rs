//! Version numbers in tags.

use std::fmt;
use std::str::FromStr;

use bakehouse_core::version_number::VersionNumber;

use super::ReleaseError;

const PLACE: &str = "{version}";
/// Longest tag of an image (distribution-spec v1.1, "Pulling manifests").
const MAX_NUMBER: usize = 128;

/// The tags that count, and the place of the version number in them: the contract's
/// `selection.pattern`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    prefix: String,
    suffix: String,
}

impl FromStr for Pattern {
    type Err = ReleaseError;

    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        match text.split_once(PLACE) {
            Some((prefix, suffix)) if !suffix.contains(PLACE) => Ok(Self {
                prefix: prefix.to_owned(),
                suffix: suffix.to_owned(),
            }),
            _ => Err(ReleaseError::Pattern(text.to_owned())),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{PLACE}{}", self.prefix, self.suffix)
    }
}

impl Pattern {
    /// The version number in a tag; none when the tag does not fit.
    pub(crate) fn version(&self, tag: &str) -> Option<String> {
        number(tag.strip_prefix(&self.prefix)?.strip_suffix(&self.suffix)?)
    }
}

/// The version number that a tag is, with or without a `v`.
pub(crate) fn plain_version(tag: &str) -> Option<String> {
    number(tag.strip_prefix(['v', 'V']).unwrap_or(tag))
}

/// The text as a version number that an image can be tagged with, if it is one.
/// Tags of images have no `+`; as others do who publish such versions as images,
/// `1.33.0+k3s1` becomes `1.33.0-k3s1`.
fn number(text: &str) -> Option<String> {
    let fits = text.len() <= MAX_NUMBER
        && text.starts_with(|c: char| c.is_ascii_digit())
        && !text.contains("..")
        && VersionNumber::parse(text).is_some();
    fits.then(|| text.replace('+', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_number() {
        for (pattern, tag, expected) in [
            ("v{version}-limitless", "v10.5.0-limitless", Some("10.5.0")),
            (
                "v{version}-limitless",
                "v10.5.0-rc1-limitless",
                Some("10.5.0-rc1"),
            ),
            ("v{version}-limitless", "v10.5.0", None),
            ("v{version}-limitless", "v-limitless", None),
            ("v{version}-limitless", "vlimitless", None),
            ("v{version}", "v10.5.0-limitless", Some("10.5.0-limitless")),
            ("v{version}", "10.5.0", None),
            ("{version}", "v10.5.0", None),
            ("server-v{version}", "server-v1.2.3", Some("1.2.3")),
            ("server-v{version}", "web-v1.2.3", None),
            ("@scope/tool@{version}", "@scope/tool@2.0.0", Some("2.0.0")),
            ("{version}+ent", "1.2.3+ent", Some("1.2.3")),
            ("{version}", "1.2.3+ent", Some("1.2.3-ent")),
            ("v{version}", "v1.33.0+k3s1", Some("1.33.0-k3s1")),
            ("v{version}", "v1.33.0-rc1+k3s1", Some("1.33.0-rc1-k3s1")),
            ("{version}", "1.2.3-a..b", None),
            ("{version}", "1.2.3-a/b", None),
            ("{version}", "1.2.3-\u{e9}", None),
            ("release-{version}", "release-2024.05", Some("2024.05")),
        ] {
            let pattern: Pattern = pattern.parse().unwrap();
            assert_eq!(pattern.version(tag).as_deref(), expected, "{tag}");
        }
        for (tag, expected) in [
            ("v1.2.3", Some("1.2.3")),
            ("1.2.3-rc.1", Some("1.2.3-rc.1")),
            ("v1.43.3.10896-cb3ebc72d", Some("1.43.3.10896-cb3ebc72d")),
            ("nightly", None),
            ("v", None),
            ("vv1", None),
            ("", None),
        ] {
            assert_eq!(plain_version(tag).as_deref(), expected, "{tag}");
        }
    }

    #[test]
    fn one_place_for_the_number() {
        for text in ["", "v", "{version", "{version}{version}", "{Version}"] {
            let error = text.parse::<Pattern>().unwrap_err();
            assert!(error.to_string().contains("once, e.g. v{version}-lts"));
        }
    }
}
