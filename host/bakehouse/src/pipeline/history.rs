//! Memory of earlier runs at one destination: what upstream listed, and what
//! failed since when.
//!
//! Registry and upstream tell what is there now. That an app has failed for a
//! week, or that upstream listed ten times as much the day before, only somebody
//! who was there can tell. The file changes when something happened, and not by
//! being looked at, so that CI keeps it in a cache without an entry a day.

use std::collections::BTreeMap;
use std::path::Path;

use bakehouse_core::date::Date;
use bakehouse_core::platform::Platform;
use bakehouse_core::storage_error::StorageError;
use bakehouse_core::target::TargetId;
use bakehouse_system::storage;
use serde::{Deserialize, Serialize};

use super::failure_record::FailureRecord;
use super::plan::Plan;
use super::target_key::TargetKey;
use crate::failure::ExitCode;

/// Version of the file's JSON.
const SCHEMA: u32 = 1;
/// Bytes of the file; a thousand apps of which each has failed have a tenth.
const MAX_BYTES: u64 = 16 << 20;
/// Characters that are kept of a failure's message.
const MESSAGE: usize = 500;
/// Days after which a failure of a version that no plan has is forgotten.
const FORGOTTEN: u64 = 90;
/// Least number of versions that must be gone to be far fewer, of which more than
/// half must be: upstreams withdraw one now and then.
const MANY: usize = 3;
/// Days after which far fewer versions are what there is.
const ACCEPTED: u64 = 14;

/// Memory of earlier runs, by app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    schema: u32,
    /// Number of times that it was changed: no two states of it are the same, so
    /// that a cache, which keeps the first of a name, keeps each.
    #[serde(default)]
    changes: u64,
    apps: BTreeMap<String, AppHistory>,
}

/// Memory of one app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppHistory {
    /// The date at which it was seen first.
    pub seen: Date,
    /// Upstream's list, the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Listed>,
    /// The trouble that keeps it from being looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<Trouble>,
    /// Targets that failed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    targets: BTreeMap<TargetKey, Trouble>,
}

/// Upstream's list of versions of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Number of versions.
    pub versions: usize,
    /// Number that was asked for.
    pub asked: u32,
    /// The newest.
    pub newest: String,
    /// The date at which that was seen first.
    pub since: Date,
    /// The date since which it lists far fewer than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fewer: Option<Date>,
}

/// Something that failed, once or again and again, and has not gone well since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// Its first failure.
    pub since: Date,
    /// Its first failure with this recipe.
    pub first: Date,
    /// Its last failure.
    pub last: Date,
    /// Number of failures.
    pub times: u32,
    /// Digest of the recipe that it failed with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub recipe: String,
    /// The exit code that it stands for.
    pub code: u8,
    /// Its last failure in words.
    pub message: String,
}

/// Far fewer versions than upstream listed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fewer {
    /// Number that it listed.
    pub before: usize,
    /// Number that it lists.
    pub now: usize,
}

impl History {
    /// Reads the file at `path`; what cannot be used is set aside, and nothing is
    /// remembered.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn read(path: &Path) -> Result<Self, StorageError> {
        let parse = |bytes: Vec<u8>| {
            let read: Self = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
            match read.schema {
                SCHEMA => Ok(read),
                other => Err(format!("it has schema {other}, expected {SCHEMA}")),
            }
        };
        let read = storage::read_state(path, MAX_BYTES, parse)?;
        Ok(read.unwrap_or_default())
    }

    /// Changes what the file at `path` says, and writes it where that is anything
    /// new. Another process that does so waits.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn update(path: &Path, change: impl FnOnce(&mut Self)) -> Result<Self, StorageError> {
        let parent = path.parent().unwrap_or(path);
        storage::create(parent)?;
        let lock = path.with_extension("lock");
        let held = storage::lock_state(&lock)?;
        held.lock()
            .map_err(|error| StorageError::new("lock", &lock, error))?;
        let before = Self::read(path)?;
        let mut now = before.clone();
        change(&mut now);
        now.schema = SCHEMA;
        if now.apps != before.apps {
            now.changes = before.changes.saturating_add(1);
            let text = serde_json::to_vec_pretty(&now).unwrap_or_default();
            storage::write_state(path, &text)?;
        }
        Ok(now)
    }

    /// Memory of an app.
    #[must_use]
    pub fn app(&self, name: &str) -> Option<&AppHistory> {
        self.apps.get(name)
    }

    /// Memory of a target's failures; none where it did not fail, or went well since.
    #[must_use]
    pub fn trouble(&self, target: &TargetId) -> Option<&Trouble> {
        let app = self.apps.get(&target.app)?;
        app.targets.get(&TargetKey::of(target))
    }

    /// An app was looked at: upstream lists so many versions, of which so many
    /// were asked for, the newest of this number. Where these are far fewer than
    /// the last time, that is told, until it has been so for two weeks.
    pub fn looked(
        &mut self,
        app: &str,
        (versions, asked): (usize, u32),
        newest: &str,
        now: &Date,
    ) -> Option<Fewer> {
        let app = self.open(app, now);
        app.failing = None;
        let fresh = |since: Date| Listed {
            versions,
            asked,
            newest: newest.to_owned(),
            since,
            fewer: None,
        };
        let Some(listed) = &mut app.listed else {
            app.listed = Some(fresh(now.clone()));
            return None;
        };
        let whole = usize::try_from(asked).is_ok_and(|asked| versions < asked);
        if !whole && asked < listed.asked {
            // Some recipes list no more than they are asked for.
            return None;
        }
        let before = listed.versions;
        let gone = before.saturating_sub(versions);
        if gone >= MANY && gone * 2 > before {
            let since = listed.fewer.get_or_insert_with(|| now.clone());
            if now.days_since(since) < ACCEPTED {
                let now = versions;
                return Some(Fewer { before, now });
            }
        }
        let since = match listed.newest == newest {
            true => listed.since.clone(),
            false => now.clone(),
        };
        app.listed = Some(fresh(since));
        None
    }

    /// An app could not be looked at.
    pub fn not_looked(&mut self, app: &str, failure: &FailureRecord, now: &Date) {
        if !is_its_own(failure.code) {
            return;
        }
        let app = self.open(app, now);
        app.failing = Some(Trouble::again(app.failing.take(), failure, "", now));
    }

    /// A target failed, with the recipe of this digest.
    pub fn failed(&mut self, target: &TargetId, failure: &FailureRecord, recipe: &str, now: &Date) {
        if !is_its_own(failure.code) {
            return;
        }
        let targets = &mut self.open(&target.app, now).targets;
        let key = TargetKey::of(target);
        let before = targets.remove(&key);
        targets.insert(key, Trouble::again(before, failure, recipe, now));
    }

    /// A target went well.
    pub fn succeeded(&mut self, target: &TargetId) {
        if let Some(app) = self.apps.get_mut(&target.app) {
            app.targets.remove(&TargetKey::of(target));
        }
    }

    /// Forgets what a plan says is published by now, whoever did it, and old
    /// failures of versions that it does not have.
    pub fn settle(&mut self, plan: &Plan, now: &Date) {
        for app in &plan.apps {
            let Some(known) = self.apps.get_mut(&app.app.name) else {
                continue;
            };
            known.targets.retain(|target, trouble| {
                let mut versions = app.versions.iter();
                let planned = versions.find(|v| v.version.number == target.version);
                let image = planned.and_then(|v| v.images.iter().find(|i| i.image == target.image));
                let is_it = |other: &Platform| *other == target.platform;
                let is_recent = now.days_since(&trouble.last) < FORGOTTEN;
                match image {
                    Some(image) if image.wanted.iter().any(is_it) => image.to_build().any(is_it),
                    // Another run looks at more versions, or at more platforms.
                    _ => is_recent,
                }
            });
        }
    }

    /// Forgets apps that are not among these.
    pub fn only(&mut self, apps: &[String]) {
        self.apps.retain(|name, _| apps.contains(name));
    }

    fn open(&mut self, app: &str, now: &Date) -> &mut AppHistory {
        self.apps
            .entry(app.to_owned())
            .or_insert_with(|| AppHistory {
                seen: now.clone(),
                listed: None,
                failing: None,
                targets: BTreeMap::new(),
            })
    }
}

impl Trouble {
    fn again(before: Option<Self>, failure: &FailureRecord, recipe: &str, now: &Date) -> Self {
        let of_now = || now.clone();
        let message: String = failure.message.chars().take(MESSAGE).collect();
        let same = before.as_ref().filter(|before| before.recipe == recipe);
        Self {
            since: before.as_ref().map_or_else(of_now, |b| b.since.clone()),
            first: same.map_or_else(of_now, |b| b.first.clone()),
            last: now.clone(),
            times: before.as_ref().map_or(0, |b| b.times).saturating_add(1),
            recipe: recipe.to_owned(),
            code: failure.code.code(),
            message,
        }
    }
}

/// True for a failure of the app or the target itself. One of the machine, the
/// builder or the registry is over when these are mended, and says nothing of it.
const fn is_its_own(code: ExitCode) -> bool {
    matches!(
        code,
        ExitCode::Internal
            | ExitCode::Config
            | ExitCode::NotFound
            | ExitCode::Recipe
            | ExitCode::Upstream
            | ExitCode::Build
            | ExitCode::Denied
            | ExitCode::Nothing
    )
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
