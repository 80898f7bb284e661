//! Stage 7, report: what was done, and what was not.

use std::time::Duration;

use bakehouse_core::target::TargetId;
use bakehouse_registry::{Endpoint, Moved, MovedTag, Replaced};
use serde::Serialize;

use super::destination::Destination;
use super::failure_record::FailureRecord;
use super::image_key::ImageKey;
use super::outcome::Outcome;
use super::plan::Plan;
use crate::failure::ExitCode;

/// The end of a run. Its JSON is stable: fields are only added.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The destination, and the setting that it comes from.
    pub destination: Destination,
    /// Targets, in the order they ended.
    pub targets: Vec<TargetReport>,
    /// Indexes that were tagged, or are complete as they are.
    pub images: Vec<ImageReport>,
    /// Moving tags that were set, with the version they show now.
    pub moved: Vec<(String, String)>,
    /// Failures: images that are not published, and causes.
    pub failures: Vec<FailureRecord>,
    /// Notes on its apps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Registry requests that were repeated.
    pub retries: u32,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// One target.
#[derive(Debug, Serialize)]
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
    /// Wall time in seconds.
    pub seconds: f64,
    /// What its recipe warned of, where it was built now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One image of one version.
#[derive(Debug, Serialize)]
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<Replaced>,
    /// The tag that keeps the index they were in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Which image of which version it is.
    #[serde(skip)]
    pub key: ImageKey,
}

impl Report {
    /// The report of a plan of which nothing is done yet.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            destination: plan.destination.clone(),
            notes: plan.notes().map(str::to_owned).collect(),
            ..Self::default()
        }
    }

    /// Adds how a target ended.
    pub fn add(&mut self, outcome: &Outcome) {
        let done = outcome.result.as_ref().ok();
        self.targets.push(TargetReport {
            target: outcome.target.to_string(),
            id: outcome.target.clone(),
            digest: done.map(|done| done.descriptor.digest().to_string()),
            reused: done.is_some_and(|done| done.reused),
            steps: done.map_or(0, |done| done.steps),
            cached: done.map_or(0, |done| done.cached),
            seconds: seconds(outcome.elapsed),
            warnings: done.map_or_else(Vec::new, |done| done.warnings.clone()),
        });
        if let Err(failure) = &outcome.result {
            self.failures.push(failure.clone());
        }
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
            .filter(|target| target.digest.is_some() && !target.reused)
            .count()
    }

    /// The failures' common exit code, or [`ExitCode::Build`] where they differ;
    /// what stopped the run goes before all others.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if let Some(stop) = self.failures.iter().find(|failure| failure.stops_the_run()) {
            return stop.code;
        }
        ExitCode::common(self.failures.iter().map(|failure| failure.code))
    }
}

/// Seconds with three decimals.
pub(super) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}
