//! Memory of earlier runs, read and added to.
//!
//! It is worth no failure: where it cannot be read or written, a command goes
//! on without.

use std::collections::BTreeMap;

use bakehouse_core::date::Date;
use bakehouse_core::progress::Event;
use bakehouse_core::storage_error::StorageError;

use super::digest_folders::DigestFolders;
use super::discover::Discovered;
use super::failure_note::FailureNote;
use super::failure_record::FailureRecord;
use super::history::{Fewer, History};
use super::outcome::Outcome;
use super::plan::Plan;
use crate::context::Context;

/// Memory of the destination at one moment.
#[derive(Debug)]
pub struct Memory {
    /// The history, with what was seen now.
    pub history: History,
    /// Apps of which upstream lists far fewer versions than once.
    pub fewer: BTreeMap<String, Fewer>,
    /// The moment.
    pub now: Date,
}

/// Reads the history, and adds what was seen now.
#[must_use]
pub fn look(
    context: &Context,
    found: &[Discovered],
    plan: &Plan,
    failures: &[FailureRecord],
) -> Memory {
    let now = Date::now();
    let asked = context.settings.max_versions.get();
    let mut fewer = BTreeMap::new();
    let history = update(context, |history| {
        // One whose folder has gone is no app any more.
        if let Ok(apps) = context.project.apps() {
            history.only(&apps);
        }
        for found in found {
            let name = &found.app.name;
            let newest = found.versions.iter().find(|version| !version.prerelease);
            let newest = newest.or(found.versions.first());
            let newest = newest.map_or("", |version| version.number.as_str());
            let known = found.known.len();
            fewer.extend(
                history
                    .looked(name, (known, asked), newest, &now)
                    .map(|few| (name.clone(), few)),
            );
        }
        for failure in failures {
            let whole = |app: &&String| !found.iter().any(|found| found.app.name == **app);
            if let Some(app) = failure.app.as_ref().filter(whole) {
                history.not_looked(app, failure, &now);
            }
        }
        history.settle(plan, &now);
    });
    Memory {
        history,
        fewer,
        now,
    }
}

/// Digests of recipes, by app.
#[must_use]
pub fn recipes(found: &[Discovered]) -> BTreeMap<String, String> {
    let of = |found: &Discovered| (found.app.name.clone(), found.recipe.digest().to_owned());
    found.iter().map(of).collect()
}

/// Adds how a target ended, whose recipe has this digest. With `hand_on` a failure
/// leaves a note beside the digest files, too, for who merges them elsewhere.
pub fn ended(context: &Context, outcome: &Outcome, recipe: &str, hand_on: bool) {
    let target = &outcome.target;
    let now = Date::now();
    update(context, |history| match &outcome.result {
        Ok(_) => history.succeeded(target),
        Err(failure) => history.failed(target, failure, recipe, &now),
    });
    let (folder, endpoint) = (context.project.digests(), context.registry.endpoint());
    let noted = match &outcome.result {
        Ok(_) => FailureNote::remove(&folder, endpoint, target),
        Err(failure) if hand_on => {
            FailureNote::new(target, recipe, failure, &now).write(&folder, endpoint)
        }
        Err(_) => Ok(()),
    };
    if let Err(error) = noted {
        context.reporter.report(Event::Warning {
            message: &format!("nobody else is told that {target} failed: {error}"),
        });
    }
}

/// Adds how the targets of a plan ended on other machines.
pub fn gather(context: &Context, plan: &Plan, digests: &DigestFolders) {
    update(context, |history| {
        for job in plan.jobs() {
            for target in job.targets() {
                // One that cannot be read has been told by the merge.
                if let Ok(Some(_)) = digests.read(&target, job) {
                    history.succeeded(&target);
                } else if let Some(note) = digests.failure(&target, job) {
                    let known = history.trouble(&target);
                    // A merge may be run again.
                    if known.is_none_or(|trouble| trouble.last != note.date) {
                        history.failed(&target, &note.failure, &note.recipe, &note.date);
                    }
                }
            }
        }
    });
}

/// Changes the history of the destination. Where that cannot be written it is told,
/// and the change is this command's own.
pub fn update(context: &Context, change: impl FnOnce(&mut History)) -> History {
    let destination = context.registry.endpoint().file_name();
    let path = context.project.history(&destination);
    let warn = |error: &StorageError| {
        context.reporter.report(Event::Warning {
            message: &format!("nothing is remembered of this: {error}"),
        });
    };
    let mut change = Some(change);
    let mut changed = History::default();
    let updated = History::update(&path, |history| {
        if let Some(change) = change.take() {
            change(history);
        }
        changed.clone_from(history);
    });
    updated.unwrap_or_else(|error| {
        warn(&error);
        if let Some(change) = change.take() {
            changed = History::read(&path).unwrap_or_default();
            change(&mut changed);
        }
        changed
    })
}
