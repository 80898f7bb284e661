//! Progress that is shown, and kept: events in the run's timeline, and in the logs
//! of its targets.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bakehouse_core::progress::{Event, Reporter};

use crate::pipeline::run_folder::{Detail, RunFolder};
use crate::text::event_line;

/// Events that are kept in memory before the run has a folder.
const EARLY: usize = 1000;

/// Shows events with another reporter; from when a run has a folder, they go into
/// its timeline, and each target's into its log, too.
pub struct Recorded {
    shown: Arc<dyn Reporter>,
    folder: OnceLock<Arc<RunFolder>>,
    early: Mutex<Vec<(String, Detail)>>,
}

impl Recorded {
    /// Nothing is written before there is a folder.
    #[must_use]
    pub fn new(shown: Arc<dyn Reporter>) -> Self {
        Self {
            shown,
            folder: OnceLock::new(),
            early: Mutex::default(),
        }
    }

    /// Writes into this folder from now on; first what happened before.
    pub fn write_to(&self, folder: Arc<RunFolder>) {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        for (line, detail) in early.drain(..) {
            folder.event(&line, detail);
        }
        let _ = self.folder.set(folder);
    }

    fn keep(&self, event: Event<'_>) {
        let Some(detail) = detail(event) else {
            return;
        };
        let line = event_line(event);
        if let Some(folder) = self.folder.get() {
            return folder.event(&line, detail);
        }
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have got one meanwhile.
        match self.folder.get() {
            Some(folder) => folder.event(&line, detail),
            None if early.len() < EARLY => early.push((line, detail)),
            None => {}
        }
    }
}

impl Reporter for Recorded {
    fn report(&self, event: Event<'_>) {
        self.keep(event);
        if let Some(folder) = self.folder.get() {
            write(folder, event);
        }
        self.shown.report(event);
    }

    fn close(&self) {
        self.shown.close();
    }
}

/// The worth of an event in the timeline; none where it is in a log.
const fn detail(event: Event<'_>) -> Option<Detail> {
    match event {
        Event::TargetOutput { .. } | Event::Log { .. } => None,
        Event::TargetStep { .. } | Event::TargetSteps { .. } | Event::TargetPushed { .. } => {
            Some(Detail::Step)
        }
        _ => Some(Detail::Event),
    }
}

/// Steps as they are, and indented what they print.
fn write(folder: &RunFolder, event: Event<'_>) {
    match event {
        Event::TargetStarted { target } => folder.line(target, &target.to_string()),
        Event::TargetStep { target, step } => folder.line(target, step),
        Event::TargetOutput { target, line } => folder.line(target, &format!("  {line}")),
        Event::TargetFinished {
            target,
            digest,
            reused,
            aside,
            ..
        } => {
            let done = match (reused, aside) {
                (true, _) => "there already,",
                (_, true) => "built",
                (_, false) => "pushed",
            };
            folder.line(target, &format!("{done} {digest}"));
        }
        Event::TargetFailed { target, error, .. } => {
            for line in format!("FAILED: {error}").lines() {
                folder.line(target, line);
            }
        }
        _ => {}
    }
}
