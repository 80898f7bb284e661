//! Progress events of the pipeline. Only the program draws them; see
//! `reporters`.

use std::time::Duration;

use crate::target::TargetId;

/// Receives what happens during a run, from any task.
pub trait Reporter: Send + Sync {
    /// Called for every event, in the order things happen to one target.
    fn report(&self, event: Event<'_>);

    /// Called at the end, whatever it is: what is drawn is taken away.
    fn close(&self) {}
}

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A stage of the pipeline began: `discover`, `check`, ...
    Stage {
        /// The stage's name.
        name: &'static str,
        /// The subject of its work, e.g. `esbuild, 3 versions`.
        detail: &'a str,
    },
    /// Work on a target began.
    TargetStarted {
        /// The target.
        target: &'a TargetId,
    },
    /// A target is now at this step: a recipe's log line, a BuildKit vertex,
    /// an upload.
    TargetStep {
        /// The target.
        target: &'a TargetId,
        /// One line.
        step: &'a str,
    },
    /// A line that a build step printed.
    TargetOutput {
        /// The target.
        target: &'a TargetId,
        /// The line, without its line end, terminal controls removed.
        line: &'a str,
    },
    /// A target ended well.
    TargetFinished {
        /// The target.
        target: &'a TargetId,
        /// The image's digest.
        digest: &'a str,
        /// It was in the registry already, from an earlier run.
        reused: bool,
        /// Since it began.
        elapsed: Duration,
    },
    /// A target failed; the run goes on with the others.
    TargetFailed {
        /// The target.
        target: &'a TargetId,
        /// The error's whole chain in one line.
        error: &'a str,
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
        /// Pause before it.
        after: Duration,
    },
    /// Something odd that does not stop the run.
    Warning {
        /// One line.
        message: &'a str,
    },
}

/// Reports nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn report(&self, _event: Event<'_>) {}
}
