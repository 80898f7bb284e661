//! Lag behind upstream, in versions and days.

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
        let numbers = seen.known.iter().filter_map(|n| VersionNumber::parse(n));
        let newer = numbers.filter(|number| !number.is_prerelease() && *number > shown);
        Some(newer.count())
    });
    let since = match published {
        // It is older than all that were looked at.
        Some(_) if behind.published.is_none() => {
            behind.oldest.version.created.clone().or(behind.since)
        }
        _ => behind.since,
    };
    Some(Lag {
        // Upstream may have more than were looked at.
        versions: behind.versions.max(all.unwrap_or(0)),
        days: since.as_ref().map(|since| facts.now.days_since(since)),
        since,
    })
}
