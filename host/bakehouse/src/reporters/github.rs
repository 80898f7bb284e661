//! Folded groups in the log of a GitHub Actions job.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bakehouse_core::progress::{Event, Reporter};
use bakehouse_core::target::TargetId;

use super::plain::line;
use crate::ci::command;
use crate::printer;
use crate::text::Text;

/// Lines kept of each target; its last ones tell why it failed.
const LINES: usize = 5000;

/// Writes to stderr. Groups cannot be inside each other, and targets are built
/// side by side: each target's lines come as one group when it ends.
#[derive(Debug)]
pub struct GitHub {
    targets: Mutex<HashMap<TargetId, VecDeque<String>>>,
    token: String,
}

impl GitHub {
    /// Nothing is written before the first event.
    #[must_use]
    pub fn new() -> Self {
        let token = std::iter::repeat_with(fastrand::alphanumeric).take(32);
        Self {
            targets: Mutex::default(),
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
                Some(command::group(&line(event)?, &lines, &self.token))
            }
            Event::Warning { message } => Some(command::warning(message)),
            other => line(other).map(Text::of),
        }
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
        let ended = reporter.text(Event::TargetFailed {
            target: &one,
            error: "a 1 linux/amd64: no",
        });
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
        let ended = reporter.text(Event::TargetFailed {
            target: &two,
            error: "no",
        });
        assert_eq!(
            ended.unwrap().as_str(),
            group("a 1 linux/arm64: FAILED: no", "  \\::error::two\n")
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
            })
            .unwrap();
        let text = text.as_str();
        assert_eq!(text.lines().count(), LINES + 4);
        assert!(text.contains(&format!("\n{}\n", LINES + 9)) && !text.contains("\n9\n"));
    }
}
