//! Progress that is shown, and written to the logs of the run's targets.

use std::sync::{Arc, OnceLock};

use bakehouse_core::progress::{Event, Reporter};

use crate::pipeline::run_folder::RunFolder;

/// Shows events with another reporter; from when a run has a folder, each target's
/// go into its log, too.
pub struct Recorded {
    shown: Arc<dyn Reporter>,
    folder: OnceLock<Arc<RunFolder>>,
}

impl Recorded {
    /// Nothing is written before there is a folder.
    #[must_use]
    pub fn new(shown: Arc<dyn Reporter>) -> Self {
        Self {
            shown,
            folder: OnceLock::new(),
        }
    }

    /// Writes logs into this folder from now on.
    pub fn write_to(&self, folder: Arc<RunFolder>) {
        let _ = self.folder.set(folder);
    }
}

impl Reporter for Recorded {
    fn report(&self, event: Event<'_>) {
        if let Some(folder) = self.folder.get() {
            write(folder, event);
        }
        self.shown.report(event);
    }

    fn close(&self) {
        self.shown.close();
    }
}

/// Steps as they are, and indented what they print.
fn write(folder: &RunFolder, event: Event<'_>) {
    match event {
        Event::TargetStarted { target } => folder.line(target, &target.to_string()),
        Event::TargetStep { target, step } => folder.line(target, step),
        Event::TargetOutput { target, line } => folder.line(target, &format!("  {line}")),
        Event::TargetFinished { target, digest, .. } => {
            folder.line(target, &format!("pushed {digest}"));
        }
        Event::TargetFailed { target, error } => {
            for line in format!("FAILED: {error}").lines() {
                folder.line(target, line);
            }
        }
        Event::Stage { .. }
        | Event::Tagged { .. }
        | Event::Retry { .. }
        | Event::Warning { .. } => {}
    }
}
