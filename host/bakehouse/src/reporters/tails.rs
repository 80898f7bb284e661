//! The last lines of targets at work, which tell why one failed; and what was told
//! already, and is not told again.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use bakehouse_core::progress::{Event, Looking};
use bakehouse_core::target::TargetId;

use super::retries::Retries;
use crate::pipeline::causes::CauseKey;

/// Lines kept of each target.
const LINES: usize = 10;
/// The most apps of a stage that are told one by one.
const FEW: usize = 10;

/// The last lines of each target at work, and the causes and repeated requests that
/// were told already.
#[derive(Debug, Default)]
pub(super) struct Tails {
    lines: HashMap<TargetId, VecDeque<String>>,
    told: Vec<(CauseKey, String)>,
    retries: Retries,
    /// Stages of many apps.
    together: Vec<Looking>,
}

/// The rest that there is to tell of a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum More {
    /// Its target's last lines.
    Lines(Vec<String>),
    /// This target failed for the same reason before, which was told then.
    As(String),
}

impl Tails {
    /// Takes an event in.
    pub(super) fn keep(&mut self, event: Event<'_>) {
        match event {
            Event::TargetStep { target, step } => self.line(target, step.to_owned()),
            Event::TargetOutput { target, line } => self.line(target, format!("  {line}")),
            Event::TargetFinished { target, .. } => {
                self.lines.remove(target);
            }
            _ => {}
        }
    }

    /// The rest that there is to tell of a target that failed now. A message of several
    /// lines has the end of the failed step in it.
    pub(super) fn failed(&mut self, target: &TargetId, code: u8, error: &str) -> More {
        let lines = self.lines.remove(target).unwrap_or_default();
        let key = CauseKey::of_target(target, code, error);
        if let Some((_, first)) = self.told.iter().find(|(told, _)| told.is_like(&key)) {
            return More::As(first.clone());
        }
        self.told.push((key, target.to_string()));
        match error.lines().nth(1) {
            Some(_) => More::Lines(Vec::new()),
            None => More::Lines(lines.into()),
        }
    }

    /// The number of repeated requests like this one that were not told; none where
    /// it is not to be told either.
    pub(super) fn again(&mut self, what: &str) -> Option<usize> {
        self.retries.again(what, Instant::now())
    }

    /// Whether a stage that is going to look at so many apps is told of all of them at
    /// once, now.
    pub(super) fn tells_together(&mut self, stage: Looking, apps: usize) -> bool {
        let is_new = apps > FEW && !self.is_together(stage);
        if is_new {
            self.together.push(stage);
        }
        is_new
    }

    /// Whether a stage was told of all its apps at once.
    pub(super) fn is_together(&self, stage: Looking) -> bool {
        self.together.contains(&stage)
    }

    fn line(&mut self, target: &TargetId, line: String) {
        let lines = self.lines.entry(target.clone()).or_default();
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}
