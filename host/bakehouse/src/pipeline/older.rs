//! Published versions that are older than all that a plan looks at.
//!
//! A plan is about upstream's newest versions. An image that has been left behind
//! for long shows none of these, and is the one to tell of.

use std::collections::{BTreeMap, BTreeSet};

use bakehouse_core::date::Date;
use bakehouse_core::version_number::VersionNumber;
use serde::{Deserialize, Serialize};

/// The newest published version of an image that shows none of a plan's, against
/// upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Older {
    /// Its number.
    pub version: String,
    /// The date of its release, where upstream gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Date>,
    /// Newer versions of upstream's, prereleases left out.
    pub newer: usize,
    /// The date since which there is a newer one, where upstream gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
}

/// The versions that upstream is known to have.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Their numbers.
    pub numbers: &'a BTreeSet<String>,
    /// The dates of their releases, where upstream gives one.
    pub released: &'a BTreeMap<String, Date>,
    /// Those that are prereleases, by number or as upstream marks them.
    pub early: &'a BTreeSet<String>,
}

impl Known<'_> {
    /// Versions for general use that are newer than this one, and the date since
    /// which there is one.
    #[must_use]
    pub fn newer(&self, than: &VersionNumber) -> (usize, Option<Date>) {
        let newer = self.numbers.iter().filter(|number| {
            !self.early.contains(*number)
                && VersionNumber::parse(number).is_some_and(|number| number > *than)
        });
        let newer: Vec<&String> = newer.collect();
        let dates = newer.iter().filter_map(|number| self.released.get(*number));
        (newer.len(), earliest(dates))
    }

    /// The newest of these tags that is a version of upstream's for general use,
    /// and older than this one.
    #[must_use]
    pub fn older(&self, tags: &[String], than: &VersionNumber) -> Option<Older> {
        let is_general = |tag: &&String| self.numbers.contains(*tag) && !self.early.contains(*tag);
        let versions = tags.iter().filter(is_general);
        let numbers = versions.filter_map(|tag| Some((VersionNumber::parse(tag)?, tag)));
        let older = numbers.filter(|(number, _)| number < than);
        let (number, version) = older.max_by(|(a, _), (b, _)| a.cmp(b))?;
        let (newer, since) = self.newer(&number);
        Some(Older {
            version: version.clone(),
            released: self.released.get(version).cloned(),
            newer,
            since,
        })
    }
}

/// The first of some dates.
#[must_use]
pub fn earliest<'a>(dates: impl Iterator<Item = &'a Date>) -> Option<Date> {
    dates.min_by_key(|date| date.epoch_seconds()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_is_found_among_all_that_upstream_has() {
        let date = |day: &str| Date::parse(&format!("2026-{day}T00:00:00Z")).unwrap();
        let all = [
            "1.8.0",
            "1.9.0",
            "1.9.1",
            "1.9.2",
            "2.0.0",
            "2.1.0-rc.1",
            "2.1.0",
        ];
        let numbers = all.map(str::to_owned).into();
        // A backport is younger than what is newer; one has no date.
        let released = [
            ("1.8.0", "01-01"),
            ("1.9.1", "05-01"),
            ("2.0.0", "03-01"),
            ("2.1.0-rc.1", "02-01"),
            ("2.1.0", "04-01"),
        ];
        let released = released.map(|(number, day)| (number.to_owned(), date(day)));
        let released = released.into();
        // Upstream marks one whose number does not show it.
        let early = ["2.1.0-rc.1", "1.9.2"].map(str::to_owned).into();
        let known = Known {
            numbers: &numbers,
            released: &released,
            early: &early,
        };
        let older = |tags: &[&str], than: &str| {
            let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
            let older = known.older(&tags, &VersionNumber::parse(than).unwrap())?;
            Some((older.version, older.newer, older.since))
        };
        let tags = [
            "latest",
            "1",
            "1.7.0",
            "1.8.0",
            "1.9.0",
            "1.9.2",
            "2.1.0-rc.1",
        ];
        let expected = ("1.9.0".to_owned(), 3, Some(date("03-01")));
        assert_eq!(older(&tags, "2.1.0"), Some(expected));
        let expected = ("1.8.0".to_owned(), 4, Some(date("03-01")));
        assert_eq!(older(&tags, "1.9.0"), Some(expected));
        assert_eq!(older(&tags, "1.8.0"), None);
        assert_eq!(older(&["latest", "1"], "2.1.0"), None);
    }
}
