//! The state of a run, as its events tell it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bakehouse_core::progress::{Event, Looking};
use bakehouse_core::target::TargetId;

/// All that is drawn. Times are since the command began.
#[derive(Debug, Default)]
pub(super) struct Board {
    pub(super) looks: BTreeMap<Looking, Look>,
    /// In the order in which they are built.
    pub(super) targets: Vec<TargetState>,
    places: HashMap<TargetId, usize>,
    pub(super) concurrency: usize,
    /// Tags that were set.
    pub(super) tags: usize,
    /// Requests that were repeated.
    pub(super) retries: usize,
    /// The time at which work on targets began.
    pub(super) building: Option<Duration>,
}

/// A stage that looks at apps.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) apps: usize,
    pub(super) done: usize,
    pub(super) failed: usize,
    /// Apps that are looked at, and since when.
    pub(super) open: Vec<(String, Duration)>,
    pub(super) begun: Duration,
}

impl Look {
    /// Whether there is anything left to look at.
    pub(super) const fn is_open(&self) -> bool {
        self.done + self.failed < self.apps
    }
}

/// A target, and how far it is.
#[derive(Debug)]
pub(super) struct TargetState {
    pub(super) id: TargetId,
    /// Seconds that ones like it took before.
    pub(super) expected: Option<u32>,
    pub(super) phase: Phase,
    pub(super) steps: Steps,
    pub(super) sent: u64,
    pub(super) skipped: u64,
}

/// Build steps.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Steps {
    pub(super) done: usize,
    pub(super) cached: usize,
    pub(super) total: usize,
}

/// The phase of a target.
#[derive(Debug)]
pub(super) enum Phase {
    Queued,
    Running {
        since: Duration,
        step: String,
        /// The last line that the step printed.
        output: String,
    },
    Done {
        reused: bool,
        took: Duration,
    },
    Failed,
}

/// Numbers of targets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) queued: usize,
    pub(super) running: usize,
    pub(super) done: usize,
    pub(super) failed: usize,
}

impl Counts {
    pub(super) fn of<'a>(targets: impl IntoIterator<Item = &'a TargetState>) -> Self {
        let mut counts = Self::default();
        for target in targets {
            *match target.phase {
                Phase::Queued => &mut counts.queued,
                Phase::Running { .. } => &mut counts.running,
                Phase::Done { .. } => &mut counts.done,
                Phase::Failed => &mut counts.failed,
            } += 1;
        }
        counts
    }

    pub(super) const fn all(self) -> usize {
        self.queued + self.running + self.done + self.failed
    }
}

impl Board {
    /// Takes in an event that happened `now`.
    pub(super) fn apply(&mut self, event: Event<'_>, now: Duration) {
        match event {
            Event::AppsQueued { stage, apps } => {
                let look = self.looks.entry(stage).or_default();
                // One that has begun turns out to be of fewer apps.
                if look.is_open() {
                    look.apps = apps;
                } else {
                    *look = Look {
                        apps,
                        begun: now,
                        ..Look::default()
                    };
                }
            }
            Event::AppStarted { stage, app, .. } => {
                let look = self.looks.entry(stage).or_default();
                look.open.push((app.to_owned(), now));
            }
            Event::AppFinished { stage, app, .. } => {
                self.looked(stage, app).done += 1;
            }
            Event::AppFailed { stage, app, .. } => {
                self.looked(stage, app).failed += 1;
            }
            Event::TargetsQueued {
                targets,
                concurrency,
            } => {
                self.concurrency = concurrency;
                self.building.get_or_insert(now);
                for queued in targets {
                    self.target(&queued.target).expected = queued.expected_seconds;
                }
            }
            Event::TargetStarted { target } => {
                self.building.get_or_insert(now);
                self.target(target).phase = Phase::Running {
                    since: now,
                    step: String::new(),
                    output: String::new(),
                };
            }
            Event::TargetStep { target, step } => self.running(target, |at, output| {
                step.clone_into(at);
                output.clear();
            }),
            Event::TargetOutput { target, line } => self.running(target, |_, output| {
                if !line.trim().is_empty() {
                    line.trim().clone_into(output);
                }
            }),
            Event::TargetSteps {
                target,
                done,
                cached,
                total,
            } => {
                if let Some(target) = self.known(target) {
                    target.steps = Steps {
                        done,
                        cached,
                        total,
                    };
                }
            }
            Event::TargetPushed {
                target,
                sent,
                skipped,
            } => {
                if let Some(target) = self.known(target) {
                    (target.sent, target.skipped) = (sent, skipped);
                }
            }
            Event::TargetFinished {
                target,
                reused,
                elapsed,
                ..
            } => {
                self.target(target).phase = Phase::Done {
                    reused,
                    took: elapsed,
                };
            }
            Event::TargetFailed { target, .. } => self.target(target).phase = Phase::Failed,
            Event::Tagged { .. } => self.tags += 1,
            Event::Retry { .. } => self.retries += 1,
            Event::Ended { .. } => *self = Self::default(),
            Event::Stage { .. }
            | Event::Warning { .. }
            | Event::Note { .. }
            | Event::Log { .. }
            | Event::Failure { .. } => {}
        }
    }

    fn looked(&mut self, stage: Looking, app: &str) -> &mut Look {
        let look = self.looks.entry(stage).or_default();
        look.open.retain(|(open, _)| open != app);
        look
    }

    /// A target that may not have been queued.
    fn target(&mut self, id: &TargetId) -> &mut TargetState {
        let place = match self.places.get(id) {
            Some(place) => *place,
            None => {
                self.targets.push(TargetState {
                    id: id.clone(),
                    expected: None,
                    phase: Phase::Queued,
                    steps: Steps::default(),
                    sent: 0,
                    skipped: 0,
                });
                self.places.insert(id.clone(), self.targets.len() - 1);
                self.targets.len() - 1
            }
        };
        &mut self.targets[place]
    }

    fn known(&mut self, id: &TargetId) -> Option<&mut TargetState> {
        let place = *self.places.get(id)?;
        self.targets.get_mut(place)
    }

    fn running(&mut self, id: &TargetId, change: impl FnOnce(&mut String, &mut String)) {
        if let Some(TargetState {
            phase: Phase::Running { step, output, .. },
            ..
        }) = self.known(id)
        {
            change(step, output);
        }
    }
}
