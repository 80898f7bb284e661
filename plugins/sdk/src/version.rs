//! Versions from releases.

use crate::Version;
use crate::release::Release;

impl Version {
    /// The version of an upstream release: its tag without a leading `v`, its
    /// date, no source checkout.
    #[must_use]
    pub fn of(release: &Release) -> Self {
        let tag = &release.tag;
        Self {
            number: tag.strip_prefix('v').unwrap_or(tag).to_owned(),
            source: None,
            prerelease: release.prerelease,
            created: release.published.clone(),
            extras: Vec::new(),
        }
    }
}
