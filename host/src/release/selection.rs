//! Which releases count, and in which order.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::Release;
use super::pattern::{Pattern, plain_version};
use crate::recipe::CallError;
use crate::registry::tags::VersionNumber;

/// Which releases count (the contract's `release.selection`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    pattern: Option<Pattern>,
    prereleases: bool,
}

impl Selection {
    /// `pattern` says which tags count and where in them the version number is;
    /// without one it is the tag, with or without a `v`.
    ///
    /// # Errors
    /// [`CallError::InvalidInput`] for a pattern without `{version}`.
    pub fn new(pattern: Option<&str>, prereleases: bool) -> Result<Self, CallError> {
        Ok(Self {
            pattern: pattern.map(str::parse).transpose()?,
            prereleases,
        })
    }

    /// The releases that count, newest first by version order, with their
    /// versions filled in. Of several with one version the first stays.
    pub(super) fn of(&self, all: &[Release]) -> Vec<Release> {
        let mut seen = HashSet::new();
        let mut found: Vec<(Reverse<VersionNumber>, Release)> = all
            .iter()
            .filter_map(|release| {
                let version = match &self.pattern {
                    Some(pattern) => pattern.version(&release.tag),
                    None => plain_version(&release.tag),
                }?;
                let number = VersionNumber::parse(version)?;
                let prerelease = release.prerelease || number.is_prerelease();
                let counts = (self.prereleases || !prerelease) && seen.insert(version);
                counts.then(|| {
                    let release = Release {
                        version: version.to_owned(),
                        prerelease,
                        ..release.clone()
                    };
                    (Reverse(number), release)
                })
            })
            .collect();
        found.sort_by(|(one, _), (two, _)| one.cmp(two));
        found.into_iter().map(|(_, release)| release).collect()
    }
}

/// One release by itself: its version is found without a pattern.
pub(super) fn alone(mut release: Release) -> Release {
    match plain_version(&release.tag) {
        Some(version) => {
            release.prerelease |=
                VersionNumber::parse(version).is_some_and(|number| number.is_prerelease());
            release.version = version.to_owned();
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
        let found = selection.of(all).into_iter();
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
