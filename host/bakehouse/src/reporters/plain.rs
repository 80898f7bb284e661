//! One line for each thing worth keeping in a log.

use std::sync::{Mutex, PoisonError};

use bakehouse_core::progress::{Event, Reporter};

use super::tails::Tails;
use super::told;
use crate::printer;
use crate::text::{Row, Style};

/// Writes lines to stderr.
#[derive(Debug)]
pub struct Plain {
    verbose: bool,
    tails: Mutex<Tails>,
}

impl Plain {
    /// Verbose ones show every step and what it prints.
    #[must_use]
    pub fn new(verbose: bool) -> Self {
        Self {
            verbose,
            tails: Mutex::default(),
        }
    }

    fn rows(&self, event: Event<'_>) -> Vec<Row> {
        let plain = |line: String| vec![Row::of(Style::Plain, &line)];
        match event {
            Event::TargetStep { target, step } if self.verbose => {
                plain(format!("{target}: {step}"))
            }
            Event::TargetOutput { target, line } if self.verbose => {
                plain(format!("{target}: | {line}"))
            }
            Event::Retry { what, after } if self.verbose => vec![told::retry(what, after, 0)],
            Event::AppsQueued { .. } if self.verbose => Vec::new(),
            other => {
                let mut tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
                tails.keep(other);
                rows(other, &mut tails)
            }
        }
    }
}

/// The number of an event's first rows that are words, and may be broken: not what a
/// program said, or what a shell is to be given.
pub(super) const fn prose(event: Event<'_>) -> usize {
    match event {
        Event::Stage { .. }
        | Event::AppsQueued { .. }
        | Event::AppStarted { .. }
        | Event::Warning { .. }
        | Event::Note { .. }
        | Event::TargetFailed { .. } => 1,
        _ => 0,
    }
}

/// The rows of an event, with what is worth telling of a failure at once.
pub(super) fn rows(event: Event<'_>, tails: &mut Tails) -> Vec<Row> {
    match event {
        Event::TargetFailed {
            target,
            error,
            code,
            ..
        } => told::failure(event, &tails.failed(target, code, error)),
        Event::AppsQueued { stage, apps } => {
            let row = tails.tells_together(stage, apps);
            let row = row.then(|| told::apps(stage, apps));
            row.into_iter().flatten().collect()
        }
        Event::AppStarted { stage, .. } if tails.is_together(stage) => Vec::new(),
        Event::Retry { what, after } => {
            let untold = tails.again(what);
            let row = untold.map(|untold| told::retry(what, after, untold));
            row.into_iter().collect()
        }
        other => told::row(other).into_iter().collect(),
    }
}

impl Reporter for Plain {
    fn report(&self, event: Event<'_>) {
        let rows = self.rows(event);
        if !rows.is_empty() {
            printer::show(&rows, prose(event));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bakehouse_core::progress::Looking;
    use bakehouse_core::target::TargetId;

    use super::*;

    fn target(version: &str) -> TargetId {
        TargetId {
            app: "outline".to_owned(),
            version: version.to_owned(),
            image: "base-outline".to_owned(),
            platform: "linux/arm64".parse().unwrap(),
        }
    }

    fn shown(reporter: &Plain, events: &[Event<'_>]) -> String {
        let rows = events.iter().flat_map(|event| reporter.rows(*event));
        rows.map(|row| row.plain() + "\n").collect()
    }

    #[test]
    fn many_apps_are_told_at_once() {
        let stage = Looking::Discover;
        let queued = |apps| Event::AppsQueued { stage, apps };
        let started = |app| Event::AppStarted {
            stage,
            app,
            detail: "",
        };
        // The stage before has its own number; that it is told again tells nothing.
        let load = Event::AppsQueued {
            stage: Looking::Load,
            apps: 20,
        };
        let events = [load, queued(20), started("a"), queued(19), started("b")];
        assert_eq!(
            shown(&Plain::new(false), &events),
            "==> discover: 20 apps\n"
        );
        let each = "==> discover: a\n==> discover: b\n";
        assert_eq!(shown(&Plain::new(true), &events), each);
        let few = [queued(2), started("a"), started("b")];
        assert_eq!(shown(&Plain::new(false), &few), each);
    }

    #[test]
    fn a_failure_tells_its_cause_its_last_lines_and_how_to_see_it_again() {
        let (one, two, three) = (target("1.0.0"), target("1.1.0"), target("1.2.0"));
        let failed = |target, error, reproduce| Event::TargetFailed {
            target,
            error,
            hint: None,
            log: Some("runs/1/x.log"),
            reproduce,
            code: 8,
            elapsed: Duration::from_secs(2),
        };
        let step = Event::TargetStep {
            target: &one,
            step: "compiles",
        };
        let line = Event::TargetOutput {
            target: &one,
            line: "main.c: no such file",
        };
        let events = [
            step,
            line,
            failed(
                &one,
                "outline 1.0.0 base-outline linux/arm64: recipe crashed",
                "bakehouse build a",
            ),
            failed(
                &two,
                "outline 1.1.0 base-outline linux/arm64: recipe crashed",
                "bakehouse build b",
            ),
            failed(
                &three,
                "step `RUN x` failed: exit code: 1\n  a\n::error::b",
                "bakehouse build c",
            ),
        ];
        insta::assert_snapshot!(shown(&Plain::new(false), &events));
        let verbose = shown(&Plain::new(true), &events);
        assert!(
            verbose.contains("base-outline linux/arm64: | main.c"),
            "{verbose}"
        );
    }
}
