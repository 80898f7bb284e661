//! Folded groups in the log of a GitHub Actions job.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bakehouse_core::progress::{Event, Reporter};
use bakehouse_core::target::TargetId;

use super::plain::rows;
use super::tails::Tails;
use crate::ci::command;
use crate::printer;
use crate::text::{Row, Text};

/// Lines kept of each target; its last ones tell why it failed.
const LINES: usize = 5000;

/// Writes to stderr. Groups cannot be inside each other, and targets are built
/// side by side: each target's lines come as one group when it ends.
#[derive(Debug)]
pub struct GitHub {
    targets: Mutex<HashMap<TargetId, VecDeque<String>>>,
    tails: Mutex<Tails>,
    token: String,
}

impl GitHub {
    /// Nothing is written before the first event.
    #[must_use]
    pub fn new() -> Self {
        let token = std::iter::repeat_with(fastrand::alphanumeric).take(32);
        Self {
            targets: Mutex::default(),
            tails: Mutex::default(),
            token: token.collect(),
        }
    }

    /// What to write for an event.
    fn text(&self, event: Event<'_>) -> Option<Text> {
        match event {
            Event::TargetStep { target, step } => {
                self.keep(target, step.to_owned());
                None
            }
            Event::TargetOutput { target, line } => {
                self.keep(target, format!("  {line}"));
                None
            }
            Event::TargetFinished { target, .. } | Event::TargetFailed { target, .. } => {
                let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
                let lines = targets.remove(target).unwrap_or_default();
                let lines: Vec<String> = lines.into();
                let mut rows = self.rows(event).into_iter();
                let title = rows.next()?.plain();
                let mut text = command::group(&title, &lines, &self.token);
                // Why it failed is seen without unfolding it.
                rows.for_each(|row| text.line(row.plain()));
                Some(text)
            }
            Event::Warning { message } => Some(command::warning(message)),
            other => self.rows(other).first().map(|row| Text::of(row.plain())),
        }
    }

    fn rows(&self, event: Event<'_>) -> Vec<Row> {
        rows(
            event,
            &mut self.tails.lock().unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn keep(&self, target: &TargetId, line: String) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = targets.entry(target.clone()).or_default();
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

impl Default for GitHub {
    fn default() -> Self {
        Self::new()
    }
}

impl Reporter for GitHub {
    fn report(&self, event: Event<'_>) {
        if let Some(text) = self.text(event) {
            printer::tell(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn target(platform: &str) -> TargetId {
        TargetId {
            app: "a".to_owned(),
            version: "1".to_owned(),
            image: "a".to_owned(),
            platform: platform.parse().unwrap(),
        }
    }

    #[test]
    fn targets_built_side_by_side_are_groups_one_after_the_other() {
        let reporter = GitHub::new();
        let (one, two) = (target("linux/amd64"), target("linux/arm64"));
        let started = reporter.text(Event::TargetStarted { target: &one });
        assert_eq!(started.unwrap().as_str(), "a 1 linux/amd64: started\n");
        for (target, line) in [(&one, "one"), (&two, "::error::two"), (&one, "three")] {
            assert_eq!(reporter.text(Event::TargetOutput { target, line }), None);
        }
        let failed = |target, error| Event::TargetFailed {
            target,
            error,
            hint: None,
            log: None,
            reproduce: "",
            code: 8,
            elapsed: Duration::ZERO,
        };
        let ended = reporter.text(failed(&one, "a 1 linux/amd64: no"));
        let token = &reporter.token;
        let group = |title: &str, lines: &str| {
            format!(
                "::group::{title}\n::stop-commands::{token}\n{lines}::{token}::\n::endgroup::\n"
            )
        };
        assert_eq!(
            ended.unwrap().as_str(),
            group("a 1 linux/amd64: FAILED: no", "  one\n  three\n")
        );
        let ended = reporter.text(failed(&two, "why not\n::error::x"));
        assert_eq!(
            ended.unwrap().as_str(),
            group("a 1 linux/arm64: FAILED: why not", "  \\::error::two\n") + "  \\::error::x\n"
        );
        let other = GitHub::new();
        assert_ne!(*token, other.token);
    }

    #[test]
    fn the_last_lines_are_kept() {
        let reporter = GitHub::new();
        let target = target("linux/amd64");
        for n in 0..LINES + 10 {
            let line = n.to_string();
            reporter.report(Event::TargetStep {
                target: &target,
                step: &line,
            });
        }
        let text = reporter
            .text(Event::TargetFailed {
                target: &target,
                error: "no",
                hint: None,
                log: None,
                reproduce: "",
                code: 8,
                elapsed: Duration::ZERO,
            })
            .unwrap();
        let text = text.as_str();
        assert_eq!(text.lines().count(), LINES + 4);
        assert!(text.contains(&format!("\n{}\n", LINES + 9)) && !text.contains("\n9\n"));
    }
}
