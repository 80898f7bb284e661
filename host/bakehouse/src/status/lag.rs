//! Lag behind upstream, in versions and days.

use bakehouse_core::date::Date;
use bakehouse_core::version_number::VersionNumber;

use super::look::SeenImage;
use super::model::{Facts, Lag, Shown};
use crate::pipeline::alarm::Behind;
use crate::pipeline::plan::{AppPlan, ImagePlan, VersionPlan};

/// The lag of an image; none where the newest version has a tag.
pub(super) fn lag(
    facts: Facts<'_>,
    app: &AppPlan,
    image: &str,
    published: Option<&Shown>,
    seen: Option<&SeenImage>,
) -> Option<Lag> {
    let untagged = |_: &VersionPlan, image: &ImagePlan| image.present.is_empty();
    let behind = Behind::of(app, image, facts.history, &untagged)?;
    let all = published.and_then(|shown| {
        let seen = seen?;
        let shown = VersionNumber::parse(&shown.version)?;
        let known = seen.known.iter();
        Some(known.filter(|number| newer(number, &shown)).count())
    });
    let since = match published {
        // It is older than all that were looked at.
        Some(_) if behind.published.is_none() => {
            behind.oldest.version.created.clone().or(behind.since)
        }
        _ => behind.since,
    };
    // Upstream may have more than were looked at.
    let versions = behind.versions.max(all.unwrap_or(0));
    Some(Lag::since(versions, since, facts.now))
}

/// Whether the number is one that is meant for general use, and above this one.
pub(super) fn newer(number: &str, than: &VersionNumber) -> bool {
    VersionNumber::parse(number).is_some_and(|number| !number.is_prerelease() && number > *than)
}

impl Lag {
    /// That of so many versions, the first of which was released then.
    pub(super) fn since(versions: usize, since: Option<Date>, now: &Date) -> Self {
        Self {
            versions,
            days: since.as_ref().map(|since| now.days_since(since)),
            since,
        }
    }
}
