//! Version numbers and moving tags: pure rules.

use std::cmp::Ordering;

/// An upstream version number in an order that fits semantic versions, two or
/// four numbers, and calendar versions alike.
///
/// Numbers compare by value, missing ones count as zero; a prerelease is older
/// than its release (semver 2.0, section 11); build metadata after `+` does not
/// count. A leading `v` is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionNumber {
    numbers: Vec<u64>,
    prerelease: Option<String>,
}

impl VersionNumber {
    /// Reads a version number; none when it does not begin with a number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let text = text.split('+').next()?;
        let (release, prerelease) = match text.split_once('-') {
            Some((release, prerelease)) => (release, Some(prerelease.to_owned())),
            None => (text, None),
        };
        let numbers = release
            .split('.')
            .map(|part| {
                let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
                digits.then(|| part.parse().ok()).flatten()
            })
            .collect::<Option<Vec<u64>>>()?;
        Some(Self {
            numbers,
            prerelease,
        })
    }

    /// Whether it has a prerelease part, such as `-rc1`.
    #[must_use]
    pub const fn is_prerelease(&self) -> bool {
        self.prerelease.is_some()
    }

    fn number(&self, place: usize) -> u64 {
        self.numbers.get(place).copied().unwrap_or(0)
    }

    /// Fills in `{major}` and `{minor}`; other text stays.
    #[must_use]
    pub fn fill(&self, template: &str) -> String {
        template
            .replace("{major}", &self.number(0).to_string())
            .replace("{minor}", &self.number(1).to_string())
    }
}

impl Ord for VersionNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        let places = self.numbers.len().max(other.numbers.len());
        (0..places)
            .map(|place| self.number(place).cmp(&other.number(place)))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| match (&self.prerelease, &other.prerelease) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(one), Some(two)) => compare_prerelease(one, two),
            })
    }
}

impl PartialOrd for VersionNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn compare_prerelease(one: &str, two: &str) -> Ordering {
    let mut left = one.split('.');
    let mut right = two.split('.');
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The moving tags of a version, from templates such as `latest`, `{major}`,
/// `{major}.{minor}`. Prereleases and versions whose number cannot be read have
/// none.
#[must_use]
pub fn moving_tags(number: &str, prerelease: bool, templates: &[String]) -> Vec<String> {
    match VersionNumber::parse(number) {
        Some(version) if !prerelease && !version.is_prerelease() => templates
            .iter()
            .map(|template| version.fill(template))
            .filter(|tag| tag != number)
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether a moving tag may go from version `from` to version `to`: only
/// forward, and never when either cannot be read.
#[must_use]
pub fn moves_forward(from: &str, to: &str) -> bool {
    match (VersionNumber::parse(from), VersionNumber::parse(to)) {
        (Some(from), Some(to)) => to > from,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> VersionNumber {
        VersionNumber::parse(text).unwrap()
    }

    #[test]
    fn order() {
        for pair in [
            "0.9.0",
            "0.10.0",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-rc.2",
            "1.0.0-rc.10",
            "v1.0.0",
            "1.0.0.1",
            "1.2",
            "9.11.7",
            "10.5.0",
            "2024.1.3",
            "2024.10",
        ]
        .windows(2)
        {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
            assert!(moves_forward(pair[0], pair[1]));
            assert!(!moves_forward(pair[1], pair[0]));
        }
        assert_eq!(version("1.0").cmp(&version("1.0.0+build")), Ordering::Equal);
        assert!(VersionNumber::parse("nightly").is_none());
        assert!(VersionNumber::parse("1..2").is_none());
        assert!(!moves_forward("nightly", "1.0.0"));
    }

    #[test]
    fn templates() {
        let templates = ["latest", "{major}", "{major}.{minor}"].map(str::to_owned);
        assert_eq!(
            moving_tags("10.5.2", false, &templates),
            ["latest", "10", "10.5"]
        );
        assert_eq!(moving_tags("10.5", false, &templates), ["latest", "10"]);
        assert!(moving_tags("10.5.2-rc1", false, &templates).is_empty());
        assert!(moving_tags("10.5.2", true, &templates).is_empty());
        assert!(moving_tags("nightly", false, &templates).is_empty());
    }
}
