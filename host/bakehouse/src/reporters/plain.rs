//! One line for each thing worth keeping in a log.

use bakehouse_core::progress::{Event, Reporter};

use crate::printer;
use crate::text::Text;

/// Writes lines to stderr.
#[derive(Debug, Clone, Copy)]
pub struct Plain {
    verbose: bool,
}

impl Plain {
    /// Verbose ones show every step and what it prints.
    #[must_use]
    pub const fn new(verbose: bool) -> Self {
        Self { verbose }
    }
}

impl Reporter for Plain {
    fn report(&self, event: Event<'_>) {
        let line = match event {
            Event::TargetStep { target, step } if self.verbose => format!("{target}: {step}"),
            Event::TargetOutput { target, line } if self.verbose => format!("{target}: | {line}"),
            Event::TargetStep { .. } | Event::TargetOutput { .. } => return,
            other => match line(other) {
                Some(line) => line,
                None => return,
            },
        };
        printer::tell(&Text::of(line));
    }
}

/// The line for an event that is worth keeping; none for mere steps.
pub(super) fn line(event: Event<'_>) -> Option<String> {
    Some(match event {
        Event::Stage { name, detail } => format!("==> {name}: {detail}"),
        Event::TargetStarted { target } => format!("{target}: started"),
        Event::TargetStep { .. } | Event::TargetOutput { .. } => return None,
        Event::TargetFinished {
            target,
            digest,
            reused: true,
            ..
        } => {
            format!("{target}: there already, {digest}")
        }
        Event::TargetFinished {
            target,
            digest,
            elapsed,
            ..
        } => {
            format!(
                "{target}: pushed {digest} in {:.1} s",
                elapsed.as_secs_f64()
            )
        }
        Event::TargetFailed { target, error } => {
            let first = error.lines().next().unwrap_or_default();
            let first = first.strip_prefix(&format!("{target}: ")).unwrap_or(first);
            format!("{target}: FAILED: {first}")
        }
        Event::Tagged { reference, to } => format!("tagged {reference} -> {to}"),
        Event::Retry { what, after } => format!("{what}; trying again in {} ms", after.as_millis()),
        Event::Warning { message } => format!("warning: {message}"),
    })
}
