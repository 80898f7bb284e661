//! Estimates of how long a run goes on, from what targets took before.

use std::collections::HashMap;
use std::time::Duration;

use super::board::{Board, Phase, TargetState};

/// The rest of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Estimate {
    /// Of the targets of which anything is known.
    pub(super) left: Duration,
    /// Targets that are left of which nothing is.
    pub(super) unknown: usize,
    /// A target takes longer than it did before, so that this may be wrong.
    pub(super) overdue: bool,
}

/// The estimate at `now`; none where nothing is left, or nothing is known of what
/// is.
pub(super) fn estimate(board: &Board, now: Duration) -> Option<Estimate> {
    let seen = seen(board);
    let expected = |target: &TargetState| {
        let before = target
            .expected
            .map(|seconds| Duration::from_secs(seconds.into()));
        before.or_else(|| seen.get(&like(target)).copied())
    };
    let mut work = Duration::ZERO;
    let mut longest = Duration::ZERO;
    let (mut known, mut unknown, mut overdue) = (0, 0, false);
    for target in &board.targets {
        let since = match target.phase {
            Phase::Queued => None,
            Phase::Running { since, .. } => Some(since),
            Phase::Done { .. } | Phase::Failed => continue,
        };
        let Some(expected) = expected(target) else {
            unknown += 1;
            continue;
        };
        known += 1;
        let spent = since.map_or(Duration::ZERO, |since| now.saturating_sub(since));
        overdue |= spent > expected;
        let left = expected.saturating_sub(spent);
        work += left;
        longest = longest.max(left);
    }
    let at_a_time = u32::try_from(board.concurrency.clamp(1, known.max(1))).unwrap_or(1);
    (known > 0).then(|| Estimate {
        left: (work / at_a_time).max(longest),
        unknown,
        overdue,
    })
}

/// The time that targets of this run took, by app, image and platform.
fn seen(board: &Board) -> HashMap<(&str, &str, String), Duration> {
    let mut seen: HashMap<_, (Duration, u32)> = HashMap::new();
    for target in &board.targets {
        if let Phase::Done {
            reused: false,
            took,
        } = target.phase
        {
            let (all, count) = seen.entry(like(target)).or_default();
            *all += took;
            *count += 1;
        }
    }
    let means = seen.into_iter();
    means
        .map(|(key, (all, count))| (key, all / count))
        .collect()
}

fn like(target: &TargetState) -> (&str, &str, String) {
    let id = &target.id;
    (&id.app, &id.image, id.platform.to_string())
}

impl Estimate {
    /// In words: `about 3 min left`.
    pub(super) fn words(&self) -> String {
        let time = match self.left.as_secs() {
            // Others that nothing is known of may wait yet.
            0..5 if self.overdue && self.unknown == 0 => return "longer than before".to_owned(),
            0..10 => "10 s".to_owned(),
            seconds @ 10..90 => format!("{} s", seconds.div_ceil(10) * 10),
            seconds @ 90..5400 => format!("{} min", seconds.div_ceil(60)),
            seconds => {
                let minutes = seconds.div_ceil(600) * 10;
                format!("{} h {:02} min", minutes / 60, minutes % 60)
            }
        };
        match self.unknown {
            0 => format!("about {time} left"),
            _ => format!("at least {time} left"),
        }
    }
}

#[cfg(test)]
mod tests {
    use bakehouse_core::progress::{Event, QueuedTarget};
    use bakehouse_core::target::TargetId;

    use super::*;

    fn target(version: usize, app: &str) -> TargetId {
        TargetId {
            app: app.to_owned(),
            version: version.to_string(),
            image: app.to_owned(),
            platform: "linux/amd64".parse().unwrap(),
        }
    }

    fn board(expected: &[(usize, &str, Option<u32>)], concurrency: usize) -> Board {
        let mut board = Board::default();
        let queued: Vec<_> = expected
            .iter()
            .map(|(version, app, expected_seconds)| QueuedTarget {
                target: target(*version, app),
                expected_seconds: *expected_seconds,
            })
            .collect();
        let targets = &queued;
        board.apply(
            Event::TargetsQueued {
                targets,
                concurrency,
            },
            Duration::ZERO,
        );
        board
    }

    fn words(board: &Board, now: u64) -> Option<String> {
        estimate(board, Duration::from_secs(now)).map(|estimate| estimate.words())
    }

    #[test]
    fn what_is_left_is_shared_by_those_at_work_and_takes_the_longest_at_least() {
        let four = [1, 2, 3, 4].map(|version| (version, "a", Some(60)));
        assert_eq!(words(&board(&four, 2), 0).unwrap(), "about 2 min left");
        let mut two = board(&[(1, "a", Some(60)), (2, "b", Some(600))], 2);
        assert_eq!(words(&two, 0).unwrap(), "about 10 min left");
        let second = target(2, "b");
        let start = Event::TargetStarted { target: &second };
        two.apply(start, Duration::from_secs(0));
        assert_eq!(words(&two, 300).unwrap(), "about 5 min left");
        let first = target(1, "a");
        let failed = Event::TargetFailed {
            target: &first,
            error: "no",
            hint: None,
            log: None,
            reproduce: "",
            code: 8,
            elapsed: Duration::ZERO,
        };
        two.apply(failed, Duration::from_secs(300));
        assert_eq!(words(&two, 700).unwrap(), "longer than before");
        let mut more = board(&[(1, "a", Some(1)), (2, "b", None)], 1);
        let start = Event::TargetStarted { target: &first };
        more.apply(start, Duration::ZERO);
        assert_eq!(words(&more, 30).unwrap(), "at least 10 s left");
    }

    #[test]
    fn nothing_is_made_up() {
        assert_eq!(words(&board(&[], 2), 0), None);
        let mut new = board(&[(1, "a", None), (2, "a", None), (1, "b", None)], 2);
        assert_eq!(words(&new, 0), None, "none was ever built");
        let first = target(1, "a");
        let finished = |reused| Event::TargetFinished {
            target: &first,
            digest: "sha256:0",
            reused,
            aside: false,
            elapsed: Duration::from_secs(45),
        };
        new.apply(finished(true), Duration::ZERO);
        assert_eq!(words(&new, 0), None, "what was there already says nothing");
        new.apply(finished(false), Duration::ZERO);
        assert_eq!(words(&new, 0).unwrap(), "at least 50 s left");
        let hours = board(&[(1, "a", Some(8000))], 1);
        assert_eq!(words(&hours, 0).unwrap(), "about 2 h 20 min left");
    }
}
