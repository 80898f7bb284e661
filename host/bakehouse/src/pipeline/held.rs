//! Back-off: what failed again and again is not tried every day.
//!
//! A target waits as long as it has been failing: one that always fails is tried
//! on the first, second, third, fifth, ninth and seventeenth day, then every two
//! weeks. Who tries by hand, several times in an hour, waits for nothing; nor does
//! a recipe that has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bakehouse_core::date::Date;
use bakehouse_core::platform::Platform;
use bakehouse_core::target::TargetId;
use serde::{Deserialize, Serialize};

use super::history::{History, Trouble};
use super::plan::{AppPlan, Job, Plan, VersionPlan};
use crate::failure::ExitCode;
use crate::text;

/// Least number of seconds that it has been failing before it waits: half a day.
const LEAST: i64 = 12 * 3600;
/// Longest that it waits, in seconds: two weeks.
const MOST: i64 = 14 * 24 * 3600;
/// Seconds that it waits less, so that a run at the same time of day is in time.
const EARLY: i64 = 3600;

/// A target that failed before, and that keeps an image from being built now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// The image that failed; another one that is built with it, perhaps.
    pub image: String,
    /// The platform that it failed for.
    pub platform: Platform,
    /// Its first failure.
    pub since: Date,
    /// Failures, one after the other.
    pub times: u32,
    /// The date after which it is tried again.
    pub until: Date,
    /// Its last failure in words.
    pub message: String,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            platform,
            since,
            times,
            until,
            ..
        } = self;
        let (since, until) = (since.day(), until.day());
        write!(
            f,
            "not tried until {until}: {platform} failed {} since {since}",
            text::count(*times, "time")
        )
    }
}

impl Trouble {
    /// The date until which it is not tried again with this recipe; none where it
    /// may be.
    #[must_use]
    pub fn held_until(&self, recipe: &str, now: &Date) -> Option<Date> {
        let failing = self.last.epoch_seconds() - self.first.epoch_seconds();
        // What lacks a grant has cost nothing, and the recipe stays as it is.
        let denied = self.code == ExitCode::Denied.code();
        // The clock was wrong then, or is now: nobody knows when it failed.
        let later = self.last.epoch_seconds() > now.epoch_seconds() + EARLY;
        if self.recipe != recipe || failing < LEAST || denied || later {
            return None;
        }
        let until = self.last.epoch_seconds() + failing.min(MOST) - EARLY;
        (until > now.epoch_seconds()).then(|| Date::at(until))
    }
}

/// Takes from a plan the jobs that are not tried now, and notes for each app what
/// they are. An image whose platforms would not all be there is not built at all,
/// nor is what is built with it. `recipes` are the digests of the apps' recipes.
pub fn hold_back(
    plan: &mut Plan,
    history: &History,
    recipes: &BTreeMap<String, String>,
    now: &Date,
) {
    for app in &mut plan.apps {
        let Some(recipe) = recipes.get(&app.app.name) else {
            continue;
        };
        for version in &mut app.versions {
            hold_back_version(version, |target| {
                let trouble = history.trouble(target)?;
                let until = trouble.held_until(recipe, now)?;
                Some(Held {
                    image: target.image.clone(),
                    platform: target.platform.clone(),
                    since: trouble.since.clone(),
                    times: trouble.times,
                    until,
                    message: trouble.message.clone(),
                })
            });
        }
        app.notes.extend(note(app));
    }
}

fn hold_back_version(version: &mut VersionPlan, held: impl Fn(&TargetId) -> Option<Held>) {
    // By image, what holds it back; its jobs hold back all that is in them.
    let mut all: BTreeMap<String, Vec<Held>> = BTreeMap::new();
    for job in version.jobs.iter().filter(|job| !job.rebuild) {
        for target in job.targets() {
            if let Some(held) = held(&target) {
                all.entry(target.image).or_default().push(held);
            }
        }
    }
    let mut open: Vec<String> = all.keys().cloned().collect();
    while let Some(image) = open.pop() {
        let why = all.get(&image).cloned().unwrap_or_default();
        let with: BTreeSet<&String> = version
            .jobs
            .iter()
            .filter(|job| job.images.contains(&image))
            .flat_map(|job| &job.images)
            .collect();
        for other in with.into_iter().filter(|other| **other != image) {
            let known = all.entry(other.clone()).or_default();
            let new: Vec<Held> = why.iter().filter(|h| !known.contains(h)).cloned().collect();
            if !new.is_empty() {
                known.extend(new);
                open.push(other.clone());
            }
        }
    }
    let is_held = |job: &Job| job.images.iter().any(|image| all.contains_key(image));
    version.jobs.retain(|job| job.rebuild || !is_held(job));
    for image in version.images.iter_mut().filter(|image| !image.is_done()) {
        image.held = all.remove(&image.image).unwrap_or_default();
    }
}

/// One line about what is held back of an app.
fn note(app: &AppPlan) -> Option<String> {
    let mut targets: BTreeMap<String, &Held> = BTreeMap::new();
    for version in &app.versions {
        for held in version.images.iter().flat_map(|image| &image.held) {
            let target = TargetId {
                app: app.app.name.clone(),
                version: version.version.number.clone(),
                image: held.image.clone(),
                platform: held.platform.clone(),
            };
            targets.insert(target.to_string(), held);
        }
    }
    let (target, held) = targets.first_key_value()?;
    let more = match targets.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let next = targets.values().map(|held| &held.until);
    let next = next.min_by_key(|date| date.epoch_seconds())?;
    Some(format!(
        "not tried: {target}{more}, which failed {} since {}; tried again after {}, or with --retry-failed",
        text::count(held.times, "time"),
        held.since.day(),
        next.day()
    ))
}

#[cfg(test)]
#[path = "held_tests.rs"]
mod tests;
