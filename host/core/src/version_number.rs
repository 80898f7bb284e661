//! Version numbers, in an order that fits what upstreams really write.

use std::cmp::Ordering;

/// Words that upstreams mark a prerelease with, alone or with a number after
/// them (`rc`, `rc1`, `beta.2`, `SNAPSHOT`).
const PRERELEASE: [&str; 43] = [
    "alpha",
    "beta",
    "candidate",
    "canary",
    "ci",
    "cr",
    "daily",
    "dev",
    "devel",
    "develop",
    "development",
    "dirty",
    "draft",
    "ea",
    "eap",
    "early",
    "edge",
    "exp",
    "experimental",
    "head",
    "insider",
    "insiders",
    "main",
    "master",
    "milestone",
    "next",
    "nightly",
    "poc",
    "pr",
    "pre",
    "prealpha",
    "prerelease",
    "preview",
    "rc",
    "snapshot",
    "techpreview",
    "test",
    "testing",
    "tip",
    "tp",
    "trunk",
    "unstable",
    "wip",
];
/// Letters that do so only with a number after them, and first (`1.2.0b1`,
/// `2.0-M3`): elsewhere they are anything.
const PRERELEASE_LETTERS: [&str; 4] = ["a", "b", "c", "m"];
/// Words that may follow the numbers without a separator, beside those of
/// prereleases and single letters (`1.2.0rc1`, `9.6p1`, `1.1.1w`).
const ATTACHED: [&str; 4] = ["final", "patch", "post", "sp"];
/// Least digits of an abbreviated commit (git's own least).
const COMMIT: usize = 7;

/// An upstream version number in an order that fits semantic versions, two or
/// four numbers, calendar versions and revisions alike.
///
/// Numbers compare by value, missing ones count as zero. What follows them is
/// a prerelease, older than its release, where it has one of the known words in
/// it (`1.2.0-rc.1`, `2.0b1`, `5.0.0.CR2`). Anything else is a revision, newer
/// than the number alone: `1.33.0+k3s2`, `1.43.3.10896-cb3ebc72d`, `1.2.3-1`,
/// `5.0.0.Final`. A leading `v` is dropped.
///
/// That departs from semver 2.0, for which everything after `-` is a prerelease
/// and nothing after `+` counts: of what is published with such a suffix, most
/// is neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionNumber {
    numbers: Vec<u64>,
    stage: Stage,
    suffix: String,
}

/// In the order of one number's stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Prerelease,
    Release,
    Revision,
}

impl VersionNumber {
    /// Reads a version number; none when the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (numbers, rest) = leading_numbers(text)?;
        let suffix = suffix(numbers.len(), rest)?;
        let stage = match suffix {
            "" => Stage::Release,
            _ if marks_prerelease(suffix) => Stage::Prerelease,
            _ => Stage::Revision,
        };
        Some(Self {
            numbers,
            stage,
            suffix: suffix.to_owned(),
        })
    }

    /// Whether what follows its numbers marks a prerelease.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        self.stage == Stage::Prerelease
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
            .unwrap_or_else(|| self.stage.cmp(&other.stage))
            .then_with(|| compare_suffixes(&self.suffix, &other.suffix))
    }
}

impl PartialOrd for VersionNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The numbers that a text begins with, and what follows them.
fn leading_numbers(text: &str) -> Option<(Vec<u64>, &str)> {
    let mut numbers = Vec::new();
    let mut rest = text;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        numbers.push(number.parse().ok()?);
        match after.strip_prefix('.') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
            _ => return Some((numbers, after)),
        }
    }
}

/// What follows the numbers, without the separator; none where that makes it no
/// version number: `1.2.x` is a branch, `7f3a9c1` a commit, `3d` a word.
fn suffix(numbers: usize, rest: &str) -> Option<&str> {
    let fits = |suffix: &str| {
        !suffix.is_empty()
            && suffix
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
    };
    let letter = |suffix: &str| suffix.starts_with(|c: char| c.is_ascii_alphabetic());
    if rest.is_empty() {
        return Some(rest);
    }
    if let Some(suffix) = rest.strip_prefix(['-', '_', '+']) {
        return fits(suffix).then_some(suffix);
    }
    if let Some(suffix) = rest.strip_prefix('.') {
        let word = numbers > 1 && letter(suffix) && !suffix.eq_ignore_ascii_case("x");
        return (word && fits(suffix)).then_some(suffix);
    }
    let first = identifiers(rest).next().unwrap_or_default();
    let (word, digits) = word(first);
    let known = PRERELEASE.contains(&word.as_str()) || ATTACHED.contains(&word.as_str());
    let attached = known || (word.len() == 1 && digits.bytes().all(|b| b.is_ascii_digit()));
    (numbers > 1 && attached && fits(rest)).then_some(rest)
}

/// The parts of a suffix.
fn identifiers(suffix: &str) -> impl Iterator<Item = &str> {
    suffix.split(['.', '-', '_', '+'])
}

/// The letters that an identifier begins with, in lower case, and the rest.
fn word(identifier: &str) -> (String, &str) {
    let letters = identifier
        .bytes()
        .take_while(u8::is_ascii_alphabetic)
        .count();
    let (word, rest) = identifier.split_at(letters);
    (word.to_ascii_lowercase(), rest)
}

fn marks_prerelease(suffix: &str) -> bool {
    identifiers(suffix).enumerate().any(|(place, identifier)| {
        let (word, rest) = word(identifier);
        let digits = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
        !is_commit(identifier)
            && (PRERELEASE.contains(&word.as_str())
                || (place == 0 && digits && PRERELEASE_LETTERS.contains(&word.as_str())))
    })
}

/// An abbreviated commit, which may look like a word with a number.
fn is_commit(identifier: &str) -> bool {
    let has = |of: fn(&u8) -> bool| identifier.bytes().any(|b| of(&b));
    identifier.len() >= COMMIT
        && identifier.bytes().all(|b| b.is_ascii_hexdigit())
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}

/// Part by part as semver 2.0, section 11, orders prereleases; numbers within a
/// part count as numbers, so that `rc9` is older than `rc10`.
fn compare_suffixes(one: &str, two: &str) -> Ordering {
    let mut left = identifiers(one);
    let mut right = identifiers(two);
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => compare_identifiers(a, b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn compare_identifiers(one: &str, two: &str) -> Ordering {
    let numeric = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let order = numeric(two).cmp(&numeric(one));
    let mut left = runs(one).into_iter();
    let mut right = runs(two).into_iter();
    order.then_with(|| {
        loop {
            let order = match (left.next(), right.next()) {
                (None, None) => return Ordering::Equal,
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (Some(a), Some(b)) if numeric(a) && numeric(b) => {
                    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
                    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
                }
                (Some(a), Some(b)) => a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase()),
            };
            if order.is_ne() {
                return order;
            }
        }
    })
}

/// Runs of digits and of anything else.
fn runs(text: &str) -> Vec<&str> {
    text.as_bytes()
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .filter_map(|run| std::str::from_utf8(run).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> VersionNumber {
        VersionNumber::parse(text).unwrap_or_else(|| panic!("{text}"))
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
            "1.0.0+build",
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
        }
        for pair in [
            ["1.33.0-rc1+k3s1", "1.33.0+k3s1"],
            ["1.33.0+k3s1", "1.33.0+k3s2"],
            ["1.33.0+k3s9", "1.33.0+k3s10"],
            ["1.33.0+k3s10", "1.33.1+k3s1"],
            ["1.0.0-rc9", "1.0.0-rc10"],
            ["1.0.0-alpha", "1.0.0-Beta3"],
            ["1.0.0-beta2", "1.0.0-RC1"],
            ["1.0.0-rc1", "1.0.0-RC2"],
            ["2.0.0.CR2", "2.0.0.Final"],
            ["1.2.3", "1.2.3-r1"],
            ["1.2.3-2", "1.2.3-10"],
            ["1.1.1", "1.1.1w"],
            ["9.6p1", "9.7"],
            ["2.0b1", "2.0"],
            ["1.43.2.10687-563d026ea", "1.43.3.10896-cb3ebc72d"],
            ["1.0-99999999999999999999998", "1.0-99999999999999999999999"],
        ] {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        assert_eq!(version("1.0").cmp(&version("1.0.0")), Ordering::Equal);
    }

    #[test]
    fn prereleases_are_told_by_their_words() {
        for early in [
            "1.0.0-rc1",
            "1.0.0-RC.1",
            "1.0.0-alpha",
            "1.0-SNAPSHOT",
            "2.0.0b1",
            "2.0-M3",
            "3.13.0a4",
            "1.2.0rc1",
            "1.2.3.dev20240101",
            "5.0.0.Beta2",
            "5.0.0.CR1",
            "1.0.0-canary.7",
            "1.0.0-next.0",
            "21-ea",
            "21-early-access",
            "1.0.0-exp.3",
            "1.0.0-0.nightly.20240101",
            "1.33.0-rc1+k3s1",
            "1.33.0+k3s1-rc2",
            "1.2.3_beta",
            "1.2.3-4-g1a2b3c4-dirty",
            "1.90.0-insiders",
            "1.0.0-release-candidate-2",
            "1.0.0-pre-alpha",
        ] {
            assert!(version(early).is_prerelease(), "{early}");
        }
        for stable in [
            "1.0.0",
            "1.33.0+k3s1",
            "1.33.0-k3s1",
            "1.43.3.10896-cb3ebc72d",
            "1.43.3.10896-a1234567",
            "1.43.3.10896-ea12345",
            "4.0.0.741-ls123",
            "1.2.3-1",
            "1.2.3-r2",
            "16.3.0-debian-12-r4",
            "5.0.0.Final",
            "1.0.0-stable",
            "22.1.0-lts",
            "1.1.1w",
            "9.6p1",
            "3.4a",
            "2024-01-05",
            "9.4.53.v20231009",
            "1.2.3-4-g1a2b3c4",
            "2.0.0-cuda-a100",
            "10.5.0-limitless",
        ] {
            assert!(!version(stable).is_prerelease(), "{stable}");
        }
    }

    #[test]
    fn what_is_no_version_number() {
        for text in [
            "",
            "v",
            "vv1",
            "nightly",
            "latest",
            "1..2",
            "1.",
            "1.2.x",
            "1.x",
            "7f3a9c1",
            "3d",
            "2fa",
            "1.2.3-",
            "1.2.3-\u{e9}",
            "1.2 3",
            "1.2.3-a/b",
            "1.2something",
            ".1",
            "99999999999999999999.1",
        ] {
            assert_eq!(VersionNumber::parse(text), None, "{text}");
        }
    }
}
