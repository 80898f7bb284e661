//! Events: things that happen while a command is at work.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{Looking, QueuedTarget};
use crate::target::TargetId;

/// Something that happened. Its JSON is stable: `event` names it, fields are only
/// added.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Event<'a> {
    /// Something that is of the whole command: `destination`, `build`, ...
    Stage {
        /// Its name.
        name: &'static str,
        /// One line.
        detail: &'a str,
    },
    /// A stage is going to look at so many apps; told again where it turns out that
    /// they are fewer.
    AppsQueued {
        /// The stage.
        stage: Looking,
        /// Their number.
        apps: usize,
    },
    /// A stage began to look at an app.
    AppStarted {
        /// The stage.
        stage: Looking,
        /// The app.
        app: &'a str,
        /// The things that are looked at, e.g. `3 versions in local/acme`; may be empty.
        detail: &'a str,
    },
    /// A stage has looked at an app.
    AppFinished {
        /// The stage.
        stage: Looking,
        /// The app.
        app: &'a str,
        /// Since it began, in seconds.
        #[serde(rename = "seconds", serialize_with = "seconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        elapsed: Duration,
    },
    /// A stage could not look at an app; it goes on with the others.
    AppFailed {
        /// The stage.
        stage: Looking,
        /// The app.
        app: &'a str,
        /// The error's whole chain.
        error: &'a str,
        /// Since it began, in seconds.
        #[serde(rename = "seconds", serialize_with = "seconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        elapsed: Duration,
    },
    /// These targets are going to be built, in this order.
    TargetsQueued {
        /// The targets.
        targets: &'a [QueuedTarget],
        /// The number of those that are built at the same time.
        concurrency: usize,
    },
    /// Work on a target began.
    TargetStarted {
        /// The target.
        #[serde(flatten)]
        target: &'a TargetId,
    },
    /// A target is now at this step: a recipe's log line, a BuildKit vertex,
    /// an upload.
    TargetStep {
        /// The target.
        #[serde(flatten)]
        target: &'a TargetId,
        /// One line.
        step: &'a str,
    },
    /// So many of a target's build steps are done.
    TargetSteps {
        /// The target.
        #[serde(flatten)]
        target: &'a TargetId,
        /// Those that are done.
        done: usize,
        /// Of these, from a cache.
        cached: usize,
        /// All that are known of by now.
        total: usize,
    },
    /// A line that a build step printed.
    TargetOutput {
        /// The target.
        #[serde(flatten)]
        target: &'a TargetId,
        /// The line, without its line end, terminal controls removed.
        line: &'a str,
    },
    /// So much of a target's image was pushed. A builder that pushes by itself does
    /// not say.
    TargetPushed {
        /// The target.
        #[serde(flatten)]
        target: &'a TargetId,
        /// Bytes that were sent.
        sent: u64,
        /// Bytes that were not: the registry had them.
        skipped: u64,
    },
    /// A target ended well.
    TargetFinished {
        /// The target.
        #[serde(flatten)]
        target: &'a TargetId,
        /// The image's digest.
        digest: &'a str,
        /// It was in the registry already, from an earlier run.
        reused: bool,
        /// It is in a registry that ends with the command, as a review's are.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        aside: bool,
        /// Since it began, in seconds.
        #[serde(rename = "seconds", serialize_with = "seconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        elapsed: Duration,
    },
    /// A target failed; the run goes on with the others.
    TargetFailed {
        /// The target.
        #[serde(flatten)]
        target: &'a TargetId,
        /// The error's whole chain, and the end of the failed step's output.
        error: &'a str,
        /// The advice what to do next.
        hint: Option<&'a str>,
        /// Its log: a path from the project's root.
        log: Option<&'a str>,
        /// The command that builds it alone.
        reproduce: &'a str,
        /// The exit code that it stands for.
        code: u8,
        /// Since it began, in seconds.
        #[serde(rename = "seconds", serialize_with = "seconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        elapsed: Duration,
    },
    /// An index was pushed under a tag.
    Tagged {
        /// The full reference.
        reference: &'a str,
        /// The digest that it shows now, or for moving tags the version.
        to: &'a str,
    },
    /// A request is repeated.
    Retry {
        /// The request that is repeated, and the reason.
        what: &'a str,
        /// Pause before it, in seconds.
        #[serde(rename = "pause", serialize_with = "seconds")]
        #[cfg_attr(feature = "schema", schemars(with = "f64"))]
        after: Duration,
    },
    /// Something odd that does not stop the run.
    Warning {
        /// One line.
        message: &'a str,
    },
    /// Something worth knowing that is no trouble.
    Note {
        /// One line.
        message: &'a str,
    },
    /// A line of the log.
    Log {
        /// `error`, `warn`, `info`, `debug` or `trace`.
        level: &'a str,
        /// One line.
        message: &'a str,
    },
    /// A failure, as it is told at the end: once for all that failed for the same
    /// reason.
    Failure {
        /// The thing that failed, and the reason.
        message: &'a str,
        /// The advice what to do next.
        hint: Option<&'a str>,
        /// The log: a path from the project's root.
        log: Option<&'a str>,
    },
    /// The command has ended. It is the last event.
    Ended {
        /// The exit code.
        code: u8,
    },
}

/// Seconds with three decimals.
fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_names_the_event_and_its_target_in_parts() {
        let target = TargetId {
            app: "a".to_owned(),
            version: "1.0.0".to_owned(),
            image: "b".to_owned(),
            platform: "linux/arm64".parse().unwrap(),
        };
        let event = Event::TargetFailed {
            target: &target,
            error: "no",
            hint: None,
            log: Some("x.log"),
            reproduce: "bakehouse build a",
            code: 8,
            elapsed: Duration::from_micros(1_234_567),
        };
        let json = serde_json::to_value(event).unwrap();
        let expected = serde_json::json!({
            "event": "target-failed", "app": "a", "version": "1.0.0", "image": "b",
            "platform": "linux/arm64", "error": "no", "hint": null, "log": "x.log",
            "reproduce": "bakehouse build a", "code": 8, "seconds": 1.235,
        });
        assert_eq!(json, expected);
        let queued = QueuedTarget {
            target: target.clone(),
            expected_seconds: Some(7),
        };
        let event = Event::TargetsQueued {
            targets: &[queued],
            concurrency: 2,
        };
        let json = serde_json::to_value(event).unwrap();
        assert_eq!(json["event"], "targets-queued");
        assert_eq!(json["targets"][0]["expectedSeconds"], 7);
        assert_eq!(json["targets"][0]["platform"], "linux/arm64");
    }
}
