//! Selection and order of releases.

use std::cmp::Reverse;
use std::collections::HashSet;

use bakehouse_core::date::Date;
use bakehouse_core::version_number::VersionNumber;

use super::listing::Listing;
use super::pattern::{Pattern, plain_version};
use super::{Release, ReleaseError, SourceId};

/// The rule by which releases count (the contract's `release.selection`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    pattern: Option<Pattern>,
    prereleases: bool,
}

/// The releases of a source that count, and what else it lists.
#[derive(Debug, Clone)]
pub struct Selected {
    /// Newest first by version order.
    pub releases: Vec<Release>,
    /// All that the source lists.
    pub listing: Listing,
}

impl Selection {
    /// `pattern` says which tags count and where in them the version number is;
    /// without one it is the tag, with or without a `v`.
    ///
    /// # Errors
    /// [`ReleaseError::Pattern`] for a pattern without `{version}`.
    pub fn new(pattern: Option<&str>, prereleases: bool) -> Result<Self, ReleaseError> {
        Ok(Self {
            pattern: pattern.map(str::parse).transpose()?,
            prereleases,
        })
    }

    /// The releases that count, newest first by version order, with their
    /// versions filled in. Of several with one version the first stays.
    pub(super) fn of(&self, source: &SourceId, all: &[Release]) -> Selected {
        let mut seen = HashSet::new();
        let mut found: Vec<(Reverse<VersionNumber>, Release)> = Vec::new();
        let mut listing = Listing::new(source, self.pattern.as_ref(), all.len());
        for release in all {
            let Some((number, release)) = self.read(release) else {
                listing.unfit.add(&release.tag);
                continue;
            };
            if !seen.insert(release.version.clone()) {
                continue;
            }
            let date = release.published.as_deref().and_then(Date::parse);
            listing.versions.insert(release.version.clone(), date);
            if release.prerelease {
                listing.early.insert(release.version.clone());
            }
            if self.prereleases || !release.prerelease {
                found.push((Reverse(number), release));
            } else {
                listing.prereleases.add(&release.tag);
            }
        }
        found.sort_by(|(one, _), (two, _)| one.cmp(two));
        Selected {
            releases: found.into_iter().map(|(_, release)| release).collect(),
            listing,
        }
    }

    /// A release with its version; none when its tag does not fit.
    fn read(&self, release: &Release) -> Option<(VersionNumber, Release)> {
        let version = match &self.pattern {
            Some(pattern) => pattern.version(&release.tag),
            None => plain_version(&release.tag),
        }?;
        let number = VersionNumber::parse(&version)?;
        let release = Release {
            prerelease: release.prerelease || number.is_prerelease(),
            version,
            ..release.clone()
        };
        Some((number, release))
    }
}

/// One release by itself: its version is found without a pattern.
pub(super) fn alone(mut release: Release) -> Release {
    match plain_version(&release.tag) {
        Some(version) => {
            release.prerelease |=
                VersionNumber::parse(&version).is_some_and(|number| number.is_prerelease());
            release.version = version;
        }
        None => release.version.clone_from(&release.tag),
    }
    release
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(tag: &str, prerelease: bool) -> Release {
        Release {
            prerelease,
            ..Release::tag(tag)
        }
    }

    fn versions(selection: &Selection, all: &[Release]) -> Vec<(String, bool)> {
        let found = selection.of(&"npm:x".parse().unwrap(), all);
        let found = found.releases.into_iter();
        found.map(|r| (r.version, r.prerelease)).collect()
    }

    #[test]
    fn by_version_not_by_date() {
        // As a source lists them: newest date first.
        let all = [
            release("v9.11.16", false),
            release("v10.5.0", false),
            release("v10.6.0-rc1", false),
            release("nightly", true),
            release("v10.10.0", true),
            release("10.5.0", false),
            release("v10.4.0", false),
        ];
        let texts = |list: &[(&str, bool)]| -> Vec<(String, bool)> {
            list.iter().map(|(v, p)| ((*v).to_owned(), *p)).collect()
        };
        assert_eq!(
            versions(&Selection::new(None, true).unwrap(), &all),
            texts(&[
                ("10.10.0", true),
                ("10.6.0-rc1", true),
                ("10.5.0", false),
                ("10.4.0", false),
                ("9.11.16", false)
            ])
        );
        assert_eq!(
            versions(&Selection::new(Some("v{version}"), false).unwrap(), &all),
            texts(&[("10.5.0", false), ("10.4.0", false), ("9.11.16", false)])
        );
        // Of all that are listed it is known which are for general use.
        let all = Selection::new(None, false)
            .unwrap()
            .of(&"npm:x".parse().unwrap(), &all);
        let early: Vec<&str> = all.listing.early.iter().map(String::as_str).collect();
        assert_eq!(early, ["10.10.0", "10.6.0-rc1"]);
    }

    #[test]
    fn a_suffix_that_is_no_prerelease() {
        // Tags of plexinc/pms-docker's downloads, and of k3s-io/k3s.
        let all = [
            release("v1.43.2.10687-563d026ea", false),
            release("v1.43.3.10896-cb3ebc72d", false),
            release("v1.33.1+k3s1", false),
            release("v1.33.1+k3s2", false),
            release("v1.33.2-rc1+k3s1", true),
        ];
        let stable = Selection::new(None, false).unwrap();
        let found: Vec<_> = versions(&stable, &all).into_iter().map(|v| v.0).collect();
        assert_eq!(
            found,
            [
                "1.43.3.10896-cb3ebc72d",
                "1.43.2.10687-563d026ea",
                "1.33.1-k3s2",
                "1.33.1-k3s1"
            ]
        );
    }

    #[test]
    fn a_release_alone() {
        let odd = alone(release("nightly", false));
        assert_eq!((odd.version.as_str(), odd.prerelease), ("nightly", false));
        let early = alone(release("v1.0.0-rc1", false));
        assert_eq!(
            (early.version.as_str(), early.prerelease),
            ("1.0.0-rc1", true)
        );
    }
}
