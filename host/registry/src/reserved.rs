//! Tag names that belong to the host, so that no version can have them.

use std::collections::BTreeSet;

use bakehouse_core::reference_grammar::CACHE_TAG;
use bakehouse_core::version_number::VersionNumber;

use super::tags::moving_tags;

/// The tag that a reference without one means.
const LATEST: &str = "latest";

/// The other owner of a name, where it does not belong to a version; none where a
/// version may have it. `versions` are all that are known, `moving` the templates
/// of the app's moving tags.
///
/// A moving tag whose name is a number, such as `10`, is no such name: where
/// upstream has a version `10`, it is the moving tag that stays away.
#[must_use]
pub fn reserved(number: &str, versions: &BTreeSet<String>, moving: &[String]) -> Option<String> {
    let a_number = VersionNumber::parse(number).is_some();
    if number.eq_ignore_ascii_case(LATEST) || (!a_number && moving.iter().any(|t| t == number)) {
        return Some("it is the name of a moving tag".to_owned());
    }
    if number.starts_with(CACHE_TAG) {
        return Some("layer caches are tagged so".to_owned());
    }
    if is_fallback(number) {
        return Some(
            "registries without the referrers API keep what is about an image under such tags"
                .to_owned(),
        );
    }
    let of = revision_of(number).filter(|of| versions.contains(*of))?;
    Some(format!("it is the name of a revision of {of}"))
}

/// The moving tags of a version that other versions have the names of.
#[must_use]
pub fn taken(number: &str, versions: &BTreeSet<String>, moving: &[String]) -> Vec<String> {
    let mut tags = moving_tags(number, moving);
    tags.retain(|tag| versions.contains(tag));
    tags
}

/// Whether a tag looks like one that the host sets itself, beside versions and
/// moving tags.
#[must_use]
pub fn is_the_hosts(tag: &str) -> bool {
    tag.starts_with(CACHE_TAG) || is_fallback(tag) || revision_of(tag).is_some()
}

/// The version that `{version}-r{n}` is a revision of.
#[must_use]
pub(crate) fn revision_of(tag: &str) -> Option<&str> {
    let (version, revision) = tag.rsplit_once("-r")?;
    let number = !revision.is_empty() && revision.bytes().all(|b| b.is_ascii_digit());
    number.then_some(version)
}

/// `sha256-HEX` (distribution-spec v1.1, "Referrers Tag Schema"), and what
/// signers put behind it.
fn is_fallback(tag: &str) -> bool {
    ["sha256-", "sha512-"].iter().any(|kind| {
        tag.get(..kind.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(kind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(numbers: &[&str]) -> BTreeSet<String> {
        numbers.iter().map(|number| (*number).to_owned()).collect()
    }

    #[test]
    fn names_that_are_no_version() {
        let moving = ["latest", "stable", "{major}", "{major}.{minor}"].map(str::to_owned);
        let known = versions(&["1.2.3", "10"]);
        for (number, expected) in [
            ("latest", "moving tag"),
            ("Latest", "moving tag"),
            ("stable", "moving tag"),
            ("bakehouse-cache-linux-amd64-0123", "layer caches"),
            (&format!("sha256-{}", "0a".repeat(32)), "referrers API"),
            (&format!("sha256-{}.sig", "0a".repeat(32)), "referrers API"),
            ("1.2.3-r1", "a revision of 1.2.3"),
        ] {
            let why = reserved(number, &known, &moving).unwrap_or_default();
            assert!(why.contains(expected), "{number}: {why}");
        }
        for number in [
            "1.2.3",
            "10",
            "10.1",
            "1.2.4-r1",
            "1.2.3-r",
            "1.2.3-rc1",
            "nightly",
            "sha256sum",
        ] {
            assert_eq!(reserved(number, &known, &moving), None, "{number}");
        }
        // Also where an app has no moving tags.
        assert!(reserved("latest", &known, &[]).is_some());
    }

    #[test]
    fn a_version_keeps_its_name() {
        let moving = ["latest", "{major}", "{major}.{minor}"].map(str::to_owned);
        let known = versions(&["26.2.1", "26.2", "26.1", "25"]);
        assert_eq!(taken("26.2.1", &known, &moving), ["26.2"]);
        assert!(taken("26.2", &known, &moving).is_empty());
        assert_eq!(taken("25.1.0", &known, &moving), ["25"]);
    }
}
