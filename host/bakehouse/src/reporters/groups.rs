//! Folded groups in the log of a CI job: GitHub Actions' groups, GitLab's sections.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bakehouse_core::progress::{Event, Reporter};
use bakehouse_core::target::TargetId;
use jiff::Timestamp;

use super::plain::rows;
use super::tails::Tails;
use crate::ci::{self, command, section};
use crate::printer;
use crate::text::{Row, Text};

/// Lines kept of each target; its last ones tell why it failed.
const LINES: usize = 5000;

/// Writes to stderr. Groups cannot be inside each other, and targets are built
/// side by side: each target's lines come as one group when it ends.
#[derive(Debug)]
pub struct Groups {
    targets: Mutex<HashMap<TargetId, VecDeque<String>>>,
    tails: Mutex<Tails>,
    ci: Ci,
    /// Nobody who is built can know it.
    token: String,
}

/// The CI system that shows the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ci {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
}

impl Ci {
    /// The one that this process runs in; none of another, or of none.
    #[must_use]
    pub fn of_this_job() -> Option<Self> {
        match (ci::on_github(), ci::on_gitlab()) {
            (true, _) => Some(Self::GitHub),
            (_, true) => Some(Self::GitLab),
            _ => None,
        }
    }
}

impl Groups {
    /// Nothing is written before the first event.
    #[must_use]
    pub fn new(ci: Ci) -> Self {
        let token = std::iter::repeat_with(fastrand::alphanumeric).take(32);
        Self {
            targets: Mutex::default(),
            tails: Mutex::default(),
            ci,
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
                let mut text = match self.ci {
                    Ci::GitHub => command::group(&title, &lines, &self.token),
                    Ci::GitLab => section::section(&title, &lines, &self.name(), Timestamp::now()),
                };
                // Why it failed is seen without unfolding it.
                rows.for_each(|row| text.line(row.plain()));
                Some(text)
            }
            Event::Warning { message } if self.ci == Ci::GitHub => Some(command::warning(message)),
            other => self.rows(other).first().map(|row| Text::of(row.plain())),
        }
    }

    /// A name that no other section has.
    fn name(&self) -> String {
        let more = std::iter::repeat_with(fastrand::alphanumeric).take(8);
        let more: String = more.collect();
        format!("target_{}_{more}", self.token).to_lowercase()
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

impl Reporter for Groups {
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
        let reporter = Groups::new(Ci::GitHub);
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
        let other = Groups::new(Ci::GitHub);
        assert_ne!(*token, other.token);
    }

    #[test]
    fn gitlab_folds_them_and_warns_in_plain_words() {
        let reporter = Groups::new(Ci::GitLab);
        let target = target("linux/amd64");
        let line = "\u{1b}[0Ksection_end:1:x\r\u{1b}[0K";
        let output = Event::TargetOutput {
            target: &target,
            line,
        };
        assert_eq!(reporter.text(output), None);
        let ended = reporter.text(Event::TargetFinished {
            target: &target,
            digest: "sha256:0",
            reused: true,
            aside: false,
            elapsed: Duration::ZERO,
        });
        let ended = ended.unwrap();
        let ended = ended.as_str();
        let title = "a 1 linux/amd64: there already, sha256:0\n";
        assert!(ended.starts_with("\u{1b}[0Ksection_start:"), "{ended:?}");
        assert!(ended.contains(title), "{ended:?}");
        // What it printed begins and ends none.
        assert_eq!(ended.matches("\u{1b}[0K").count(), 4, "{ended:?}");
        let warned = reporter.text(Event::Warning { message: "odd" });
        assert_eq!(warned.unwrap().as_str(), "warning: odd\n");
    }

    #[test]
    fn the_last_lines_are_kept() {
        let reporter = Groups::new(Ci::GitHub);
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
