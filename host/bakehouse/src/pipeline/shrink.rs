//! Upstreams that lose versions: what they list, against what is published.

use std::collections::BTreeSet;

use bakehouse_core::version_number::VersionNumber;
use bakehouse_registry::reserved::reserved;
use bakehouse_registry::tags::moving_tags;

use crate::text;

/// Least number of published versions that must be gone to be worth a word, as
/// long as the newest is not among them: upstreams withdraw one now and then.
const MANY: usize = 3;

/// The warning where upstream lists no more what it did when it was published: the
/// newest published version is newer than all that it lists, or more than half of
/// those published since its oldest one are gone, and at least three. Then it has
/// probably renamed its tags, and new versions would go unseen.
///
/// `known` are upstream's versions, `tags` those of the image, `moving` the
/// templates of its moving tags.
#[must_use]
pub(super) fn shrunk(
    known: &BTreeSet<String>,
    tags: &[String],
    moving: &[String],
) -> Option<String> {
    let listed = numbers(known);
    let versions = versions(tags, moving);
    let published = numbers(&versions);
    let (oldest, newest) = (listed.first()?, listed.last()?);
    let since: Vec<_> = published.iter().filter(|(n, _)| *n >= oldest.0).collect();
    let gone: Vec<_> = since.iter().filter(|(_, v)| !known.contains(*v)).collect();
    let example = gone.last()?.1;
    let behind = published.last().is_some_and(|last| last.0 > newest.0);
    let most = gone.len() >= MANY && gone.len() * 2 > since.len();
    (behind || most).then(|| {
        format!(
            "upstream lists {}, the newest {}; {} are published, and of these it does not list \
             {}, e.g. {example}: it may have renamed its tags, or withdrawn versions",
            text::count(listed.len(), "version"),
            newest.1,
            published.len(),
            gone.len()
        )
    })
}

/// Tags that are versions: neither moving tags of others nor the host's own.
fn versions(tags: &[String], moving: &[String]) -> BTreeSet<String> {
    let all: BTreeSet<String> = tags.iter().cloned().collect();
    let made: BTreeSet<String> = tags.iter().flat_map(|t| moving_tags(t, moving)).collect();
    let version = |tag: &&String| !made.contains(*tag) && reserved(tag, &all, moving).is_none();
    all.iter().filter(version).cloned().collect()
}

/// In version order; prereleases come and go.
fn numbers(versions: &BTreeSet<String>) -> Vec<(VersionNumber, &str)> {
    let mut numbers: Vec<_> = versions
        .iter()
        .filter_map(|version| Some((VersionNumber::parse(version)?, version.as_str())))
        .filter(|(number, _)| !number.is_prerelease())
        .collect();
    numbers.sort();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(known: &[&str], tags: &[&str]) -> Option<String> {
        let known = known.iter().map(|v| (*v).to_owned()).collect();
        let tags: Vec<String> = tags.iter().map(|t| (*t).to_owned()).collect();
        let moving = ["latest", "{major}", "{major}.{minor}"].map(str::to_owned);
        shrunk(&known, &tags, &moving)
    }

    #[test]
    fn what_is_published_and_no_longer_listed() {
        let tags = ["1.0.0", "1.1.0", "2.0.0", "latest", "1", "1.0", "2", "2.0"];
        let text = told(&["1.0.0"], &tags).unwrap();
        assert_eq!(
            text,
            "upstream lists 1 version, the newest 1.0.0; 3 are published, and of these it does \
             not list 2, e.g. 2.0.0: it may have renamed its tags, or withdrawn versions"
        );
        // Most are gone, though something newer is there.
        assert!(told(&["1.0.0", "3.0.0"], &["1.0.0", "1.1.0", "1.2.0", "2.0.0"]).is_some());
    }

    #[test]
    fn what_is_nothing_to_tell() {
        for (known, tags) in [
            (&["1.0.0", "2.0.0"][..], &["1.0.0", "latest", "1"][..]),
            // Older than what upstream lists: nobody listed them.
            (&["5.0.0", "6.0.0"], &["1.0.0", "2.0.0", "3.0.0", "5.0.0"]),
            // One version that was withdrawn.
            (&["1.0.0", "1.2.0"], &["1.0.0", "1.1.0", "1.2.0"]),
            // Revisions, caches, referrers and prereleases are no versions.
            (
                &["1.0.0"],
                &[
                    "1.0.0",
                    "1.0.0-r1",
                    "1.0.0-r2",
                    "2.0.0-rc1",
                    "bakehouse-cache-x",
                    "sha256-0a",
                ],
            ),
            (&["1.0.0"], &[]),
            (&[], &["1.0.0"]),
        ] {
            assert_eq!(told(known, tags), None, "{known:?} {tags:?}");
        }
    }
}
