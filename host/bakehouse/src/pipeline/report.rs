//! Stage 7, report: what was done, and what was not.

use std::time::Duration;

use bakehouse_core::target::TargetId;
use bakehouse_registry::{Endpoint, Moved, MovedTag, Replaced};
use serde::{Deserialize, Serialize};

use super::alarm::{self, Alarm};
use super::destination::Destination;
use super::failure_record::FailureRecord;
use super::image_key::ImageKey;
use super::outcome::{Outcome, PushedBytes};
use super::plan::Plan;
use super::web_page::link;
use crate::failure::ExitCode;
use crate::schema::SchemaNumber;

/// What a command that builds or publishes did, up to its end or up to now. The
/// same JSON is printed, written as a summary, and kept in the run's folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Number of the schema.
    pub schema: SchemaNumber,
    /// Name of the run's folder; none where it has none.
    pub run: Option<String>,
    /// The command, as a shell takes it.
    #[serde(default)]
    pub command: String,
    /// The time at which it began, in UTC (RFC 3339).
    #[serde(default)]
    pub begun: String,
    /// How the command ended.
    pub ending: Ending,
    /// The exit code; none before the end.
    pub exit_code: Option<u8>,
    /// The destination, and the setting that it comes from.
    pub destination: Destination,
    /// Targets, in the order they ended.
    pub targets: Vec<TargetReport>,
    /// Targets that were to be built, and have not ended.
    pub unbuilt: Vec<TargetId>,
    /// Targets that are missing, and were not tried, since they failed before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<TargetId>,
    /// Indexes that were tagged, or are complete as they are.
    pub images: Vec<ImageReport>,
    /// Images that were to be published, and are not: full references.
    pub unpublished: Vec<String>,
    /// Moving tags that were set, with the version they show now.
    pub moved: Vec<(String, String)>,
    /// Failures: images that are not published, and causes.
    pub failures: Vec<FailureRecord>,
    /// Alarms: matters that somebody should look at. Of a command where nothing failed
    /// they give the exit code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<Alarm>,
    /// The command that goes on with what is left; none where nothing is.
    pub next: Option<String>,
    /// Notes on its apps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Registry requests that were repeated.
    pub retries: u32,
    /// Wall time in seconds.
    pub seconds: f64,
    /// True once it has what is to be done.
    #[serde(skip)]
    pub is_planned: bool,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// It has not: it is at work. Its files say so, too, when it was killed.
    #[default]
    Unfinished,
    /// It was killed: it has not ended, and is not at work.
    Killed,
    /// Everything asked for is done.
    Done,
    /// Something failed.
    Failed,
    /// Ctrl-C or SIGTERM stopped it.
    Stopped,
}

impl Ending {
    /// That of a command which came to its own end, with this exit code.
    #[must_use]
    pub const fn of(code: ExitCode) -> Self {
        match code {
            ExitCode::Success => Self::Done,
            _ => Self::Failed,
        }
    }
}

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TargetReport {
    /// `app version [image] platform`.
    pub target: String,
    /// The same in parts.
    #[serde(flatten)]
    pub id: TargetId,
    /// Its digest; none when it failed.
    pub digest: Option<String>,
    /// It was in the registry already, from an earlier run.
    pub reused: bool,
    /// Build steps.
    pub steps: usize,
    /// Of these, from the cache.
    pub cached: usize,
    /// The time at which it began, in seconds since the command did.
    #[serde(default)]
    pub began: f64,
    /// Wall time in seconds.
    pub seconds: f64,
    /// The bytes of it that were pushed; none where the builder pushed, which does not
    /// say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<PushedBytes>,
    /// Bytes to download, configuration and compressed layers, where the
    /// registry was asked.
    pub size: Option<u64>,
    /// Web page of its image, where the registry is known to have one.
    pub link: Option<String>,
    /// Its log: a path from the project's root; none where it has none.
    pub log: Option<String>,
    /// What its recipe warned of, where it was built now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One image of one version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImageReport {
    /// Full reference of the version's tag.
    pub reference: String,
    /// Digest of the index.
    pub digest: String,
    /// Its platforms.
    pub platforms: Vec<String>,
    /// The version's tag, where this run set it.
    pub tags: Vec<String>,
    /// Moving tags left alone, with the reason.
    pub kept: Vec<(String, String)>,
    /// Published images that were replaced by others (`--rebuild`, `--force`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<Replaced>,
    /// The tag that keeps the index they were in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Which image of which version it is.
    #[serde(skip)]
    pub key: ImageKey,
}

impl TargetReport {
    /// Whether this run built it.
    #[must_use]
    pub const fn is_built(&self) -> bool {
        self.digest.is_some() && !self.reused
    }
}

impl Report {
    /// Adds what a plan is going to build, and with `publish` what it is going
    /// to tag.
    pub fn plan(&mut self, plan: &Plan, endpoint: &Endpoint, publish: bool) {
        self.is_planned = true;
        self.destination = plan.destination.clone();
        self.notes = plan.notes().map(str::to_owned).collect();
        self.unbuilt = plan.jobs().flat_map(|job| job.targets()).collect();
        self.held = plan.held();
        let versions = plan.apps.iter().flat_map(|app| &app.versions);
        let images = versions.flat_map(|version| {
            let open = version.images.iter().filter(|image| image.is_to_publish());
            open.map(|image| endpoint.show(&image.image, &version.version.number))
        });
        self.unpublished = images.filter(|_| publish).collect();
    }

    /// Adds how a target ended, so long after the command began, and where its log
    /// is.
    pub fn add(
        &mut self,
        endpoint: &Endpoint,
        outcome: &Outcome,
        ended: Duration,
        log: Option<String>,
    ) {
        let done = outcome.result.as_ref().ok();
        let target = &outcome.target;
        self.unbuilt.retain(|open| open != target);
        self.targets.push(TargetReport {
            target: target.to_string(),
            id: target.clone(),
            digest: done.map(|done| done.descriptor.digest().to_string()),
            reused: done.is_some_and(|done| done.reused),
            steps: done.map_or(0, |done| done.steps),
            cached: done.map_or(0, |done| done.cached),
            began: seconds(ended.saturating_sub(outcome.elapsed)),
            seconds: seconds(outcome.elapsed),
            pushed: done.and_then(|done| done.pushed),
            size: done.and_then(|done| done.size),
            link: link(&endpoint.show_repository(&target.image)),
            log: log.clone(),
            warnings: done.map_or_else(Vec::new, |done| done.warnings.clone()),
        });
        if done.is_some_and(|done| done.unchecked) {
            let note = format!(
                "{}: its recipe asks for checks of its images, which this program does not run",
                outcome.target.app
            );
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        if let Err(failure) = &outcome.result {
            self.failures.push(FailureRecord {
                log,
                ..failure.clone()
            });
        }
    }

    /// Adds an image that is published now.
    pub fn add_image(&mut self, image: ImageReport) {
        self.settle(&image.reference);
        self.images.push(image);
    }

    /// Takes an image off those that are not published.
    pub fn settle(&mut self, reference: &str) {
        self.unpublished.retain(|open| open != reference);
    }

    /// Adds what became of an image's moving tags.
    pub fn add_moved(&mut self, endpoint: &Endpoint, image: &str, moved: Vec<MovedTag>) {
        for MovedTag { tag, version, how } in moved {
            match how {
                Moved::Unchanged => {}
                Moved::Forward => self.moved.push((endpoint.show(image, &tag), version)),
                Moved::Skipped(reason) => {
                    let mut images = self.images.iter_mut();
                    let shown = |report: &&mut ImageReport| {
                        report.key.image == image && report.key.version == version
                    };
                    if let Some(report) = images.find(shown) {
                        report.kept.push((tag, reason));
                    }
                }
            }
        }
    }

    /// Adds an error, and the app it is about.
    pub fn add_error(&mut self, app: &str, error: &anyhow::Error) {
        self.failures.push(FailureRecord::new(error).of_app(app));
    }

    /// Targets that were built by this run.
    #[must_use]
    pub fn built(&self) -> usize {
        self.targets
            .iter()
            .filter(|target| target.is_built())
            .count()
    }

    /// Tags that this run set.
    #[must_use]
    pub fn tags(&self) -> usize {
        let versions: usize = self.images.iter().map(|image| image.tags.len()).sum();
        versions + self.moved.len()
    }

    /// The exit code: that of failures, or where there are none that of alarms.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        match self.failed() {
            ExitCode::Success => alarm::code(&self.alarms),
            failed => failed,
        }
    }

    /// The failures' common exit code, or [`ExitCode::Build`] where they differ;
    /// what stopped the run goes before all others.
    #[must_use]
    pub fn failed(&self) -> ExitCode {
        if let Some(stop) = self.failures.iter().find(|failure| failure.stops_the_run()) {
            return stop.code;
        }
        ExitCode::common(self.failures.iter().map(|failure| failure.code))
    }

    /// Whether something that was to be done is not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.unbuilt.is_empty() || !self.unpublished.is_empty() || !self.failures.is_empty()
    }
}

/// Seconds with three decimals.
pub(super) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}
