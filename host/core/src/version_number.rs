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
/// The placeholders of a number's first parts in the template of a tag, in order.
pub const PLACEHOLDERS: [&str; 2] = ["{major}", "{minor}"];
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
/// Two that are written in different ways may be equal (`1.0`, `1.0.0`;
/// `1.0-rc1`, `1.0-RC.1`).
#[derive(Debug, Clone)]
pub struct VersionNumber {
    numbers: Vec<u64>,
    /// The numbers as upstream writes them: `04`.
    written: Vec<String>,
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
        let (written, rest) = leading_numbers(text);
        let numbers = written.iter().map(|digits| digits.parse().ok());
        let numbers: Vec<u64> = numbers.collect::<Option<_>>()?;
        let suffix = suffix(numbers.len(), rest)?;
        let stage = match suffix {
            "" => Stage::Release,
            _ if marks_prerelease(suffix) => Stage::Prerelease,
            _ => Stage::Revision,
        };
        Some(Self {
            numbers,
            written: written.into_iter().map(str::to_owned).collect(),
            stage,
            suffix: suffix.to_owned(),
        })
    }

    /// Whether what follows its numbers marks a prerelease.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        self.stage == Stage::Prerelease
    }

    /// Whether another one has the same numbers, whatever follows them.
    #[must_use]
    pub fn same_numbers(&self, other: &Self) -> bool {
        let places = self.numbers.len().max(other.numbers.len());
        (0..places).all(|place| self.number(place) == other.number(place))
    }

    fn number(&self, place: usize) -> u64 {
        self.numbers.get(place).copied().unwrap_or(0)
    }

    /// Fills in `{major}` and `{minor}` as upstream writes them (`04` stays `04`);
    /// other text stays. None where the number has no such part.
    #[must_use]
    pub fn fill(&self, template: &str) -> Option<String> {
        let mut filled = template.to_owned();
        for (place, name) in PLACEHOLDERS.iter().enumerate() {
            if filled.contains(name) {
                filled = filled.replace(name, self.written.get(place)?);
            }
        }
        Some(filled)
    }
}

impl PartialEq for VersionNumber {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for VersionNumber {}

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
fn leading_numbers(text: &str) -> (Vec<&str>, &str) {
    let mut numbers = Vec::new();
    let mut rest = text;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        numbers.push(number);
        match after.strip_prefix('.') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
            _ => return (numbers, after),
        }
    }
}

/// The text that follows the numbers, without the separator; none where that makes
/// it no version number: `1.2.x` is a branch, `7f3a9c1` a commit, `3d` a word.
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

/// Part by part as semver 2.0, section 11, orders prereleases. A number behind a
/// word is a part of its own, so that `rc9` is older than `rc10` and `rc.10`.
fn compare_suffixes(one: &str, two: &str) -> Ordering {
    let parts = |suffix| identifiers(suffix).flat_map(word_and_rest).map(Part::new);
    parts(one).cmp(parts(two))
}

/// An identifier's word and what is behind it.
fn word_and_rest(identifier: &str) -> impl Iterator<Item = &str> {
    let (word, rest) = identifier.split_at(identifier.len() - word(identifier).1.len());
    let both = !word.is_empty() && !rest.is_empty();
    let first = if both { word } else { identifier };
    std::iter::once(first).chain(both.then_some(rest))
}

/// A part of a suffix, in its order: numbers before all else.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(Digits),
    Text(Vec<Run>),
}

/// A run of digits, or of anything else, in its order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Run {
    Number(Digits),
    Text(String),
}

/// A number of any length: the one with more digits is the larger.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Digits {
    length: usize,
    digits: String,
}

impl Part {
    fn new(text: &str) -> Self {
        match Digits::new(text) {
            Some(digits) => Self::Number(digits),
            None => Self::Text(runs(text)),
        }
    }
}

impl Digits {
    /// None for what is no number.
    fn new(text: &str) -> Option<Self> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits = text.trim_start_matches('0').to_owned();
        let length = digits.len();
        Some(Self { length, digits })
    }
}

fn runs(text: &str) -> Vec<Run> {
    text.as_bytes()
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .filter_map(|run| std::str::from_utf8(run).ok())
        .map(|run| match Digits::new(run) {
            Some(digits) => Run::Number(digits),
            None => Run::Text(run.to_ascii_lowercase()),
        })
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
        for (one, two) in [
            ("1.0", "1.0.0"),
            ("2024.01", "2024.1"),
            ("v1.0-rc1", "1.0-RC.1"),
            ("1.0-rc-01", "1.0-rc1"),
        ] {
            assert_eq!(version(one), version(two));
        }
    }

    #[test]
    fn numbers_in_words_count_by_value() {
        for list in [
            "v10.5.0-rc9 v10.5.0-rc10 v10.5.0-rc11 v10.5.0",
            "1.0-beta2 1.0-beta10 1.0-RC9 1.0-rc10 1.0",
            "1.0.0-rc.9 1.0.0-rc10 1.0.0-rc.11 1.0.0-RC-12",
            "1.0.0a9 1.0.0a10 1.0.0b1 1.0.0rc1 1.0.0",
            "2.0.0.Beta9 2.0.0.Beta10 2.0.0.CR1 2.0.0.Final",
            "2.0-M9 2.0-M10 2.0-RC1 2.0",
            "1.33.0+k3s9 1.33.0+k3s10",
            "1.2.3 1.2.3-r9 1.2.3-r10",
            "9.6p1 9.6p2 9.6p10",
            "2024-01-05 2024-01-12 2024-10-01",
            "2024.01 2024.02.1 2024.10 2024.12.9.1 2024.12.9.10",
            "20240105 20241001",
            "1.2.3.9 1.2.3.10",
            "24.04 24.04.1 24.04.2 24.04.10 24.10",
            "1.0.0-alpha.9 1.0.0-alpha.10 1.0.0-alpha.beta",
        ] {
            let versions: Vec<_> = list.split(' ').collect();
            for (at, one) in versions.iter().enumerate() {
                for two in &versions[at + 1..] {
                    assert!(version(one) < version(two), "{one} {two}");
                    assert!(version(two) > version(one), "{one} {two}");
                }
            }
        }
    }

    /// Total, and transitive, over numbers made of pieces that are near each other.
    #[test]
    fn the_order_is_one() {
        let pieces = [
            "1", "01", "9", "10", "0", "rc", "RC", "beta", "a", "b", "dev", "r", "post", ".", ".",
            "-", "_", "+", "rc9", "rc10", "rc.9", "k3s", "g1a2b3c4", "x", "Final",
        ];
        let mut state = 7_u64;
        let mut next = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % below
        };
        let mut versions = Vec::new();
        while versions.len() < 120 {
            let text: String = (0..=next(3))
                .map(|_| ["1.", "1.0", "2."][next(3)])
                .collect();
            let text = text + "0" + &(0..next(6)).map(|_| pieces[next(25)]).collect::<String>();
            versions.extend(VersionNumber::parse(&text).map(|version| (text, version)));
        }
        for (one, a) in &versions {
            assert!(a.cmp(a).is_eq(), "{one}");
            for (two, b) in &versions {
                assert_eq!(a.cmp(b), b.cmp(a).reverse(), "{one} {two}");
                assert_eq!(a == b, a.cmp(b).is_eq(), "{one} {two}");
                for (three, c) in &versions {
                    let through = a.cmp(b).is_le() && b.cmp(c).is_le();
                    assert!(!through || a.cmp(c).is_le(), "{one} {two} {three}");
                    if a == b {
                        assert_eq!(a.cmp(c), b.cmp(c), "{one} {two} {three}");
                    }
                }
            }
        }
    }

    #[test]
    fn templates_are_filled_with_upstreams_own_text() {
        let filled = |text: &str, template: &str| version(text).fill(template);
        for (text, template, tag) in [
            ("24.04.2", "{major}.{minor}", Some("24.04")),
            ("v2024.01", "{major}-{minor}", Some("2024-01")),
            ("007.08.9", "v{major}", Some("v007")),
            ("10.5.0", "{major}.{minor}", Some("10.5")),
            ("5", "{major}", Some("5")),
            ("5", "{major}.{minor}", None),
            ("5-rc1", "{minor}", None),
            ("2024-01-05", "{major}.{minor}", None),
            ("5", "latest", Some("latest")),
            ("1.2", "{patch}", Some("{patch}")),
        ] {
            assert_eq!(filled(text, template).as_deref(), tag, "{text} {template}");
        }
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
