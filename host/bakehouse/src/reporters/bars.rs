//! A spinner for each target at work.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bakehouse_core::progress::{Event, Reporter};
use bakehouse_core::target::TargetId;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::narrow::Narrow;
use super::plain::line;
use crate::printer;
use crate::text::{self, Text};

/// Draws on the terminal behind stderr.
#[derive(Debug)]
pub struct Bars {
    all: MultiProgress,
    targets: Mutex<HashMap<TargetId, ProgressBar>>,
}

impl Bars {
    /// Nothing is drawn before the first event.
    #[must_use]
    pub fn new() -> Self {
        let terminal = ProgressDrawTarget::term_like(Box::new(Narrow::stderr()));
        Self {
            all: MultiProgress::with_draw_target(terminal),
            targets: Mutex::default(),
        }
    }

    fn bar(&self, target: &TargetId) -> Option<ProgressBar> {
        let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.get(target).cloned()
    }

    fn start(&self, target: &TargetId) {
        let style =
            ProgressStyle::with_template("{spinner} {prefix}  {wide_msg:.dim} {elapsed:.dim}");
        let bar = self.all.add(ProgressBar::new_spinner());
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_prefix(text::line(&target.to_string()).into_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.insert(target.clone(), bar);
    }

    fn end(&self, target: &TargetId) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = targets.remove(target) {
            bar.finish_and_clear();
        }
    }
}

impl Default for Bars {
    fn default() -> Self {
        Self::new()
    }
}

impl Reporter for Bars {
    fn report(&self, event: Event<'_>) {
        match event {
            Event::TargetStarted { target } => return self.start(target),
            Event::TargetStep { target, step } => {
                if let Some(bar) = self.bar(target) {
                    bar.set_message(text::line(step).into_owned());
                }
                return;
            }
            Event::TargetFinished { target, .. } | Event::TargetFailed { target, .. } => {
                self.end(target);
            }
            _ => {}
        }
        if let Some(line) = line(event) {
            self.all.suspend(|| printer::tell(&Text::of(line)));
        }
    }

    fn close(&self) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, bar) in targets.drain() {
            bar.finish_and_clear();
        }
        let _ = self.all.clear();
    }
}
