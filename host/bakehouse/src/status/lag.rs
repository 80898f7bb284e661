//! Lag behind upstream, in versions and days.

use bakehouse_core::date::Date;

use super::model::{Facts, Lag};
use crate::pipeline::alarm::Behind;
use crate::pipeline::plan::{AppPlan, ImagePlan, VersionPlan};

/// The lag of an image; none where the newest version has a tag.
pub(super) fn lag(facts: Facts<'_>, app: &AppPlan, image: &str) -> Option<Lag> {
    let untagged = |_: &VersionPlan, image: &ImagePlan| image.present.is_empty();
    let behind = Behind::of(app, image, facts.history, &untagged)?;
    Some(Lag::since(behind.versions, behind.since, facts.now))
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
