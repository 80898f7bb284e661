//! Batches: the jobs of a plan that one machine builds.
//!
//! A machine takes half a minute before it builds anything, and most targets
//! take seconds; so a batch is what is expected to keep a machine at work for
//! some minutes, and not one job.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use bakehouse_core::platform::Platform;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::plan::{Job, Plan, readable};
use super::times::Times;

/// Seconds for a target of which no other was built yet.
const UNKNOWN: u32 = 120;
/// The same, where steps are emulated.
const UNKNOWN_EMULATED: u32 = 600;
/// Batches up to which each app has its own, and with it layers of its own;
/// GitHub gives a free account twenty machines at a time.
const APART: usize = 20;
/// Jobs that GitHub runs of one matrix.
pub const MOST: usize = 256;

/// Jobs that are built one after the other on one machine. They are all for one
/// platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// Names it in files and artifacts; no other batch of any plan that has other
    /// jobs is named so.
    pub id: String,
    /// The platform.
    pub platform: Platform,
    /// Apps that have jobs in it.
    pub apps: Vec<String>,
    /// Ids of its jobs, see [`Job::id`].
    pub jobs: Vec<String>,
    /// Targets of these jobs.
    pub targets: usize,
    /// Seconds that they are expected to take.
    pub seconds: u32,
}

/// The inputs by which a plan is cut.
#[derive(Debug)]
pub struct Cut<'a, E> {
    /// The times that earlier builds took.
    pub times: &'a Times,
    /// Whether steps for a platform are emulated.
    pub emulated: E,
    /// Minutes of work for one machine.
    pub minutes: NonZeroU32,
}

/// One app's jobs for one platform, or a part of them.
struct Piece<'a> {
    jobs: Vec<(&'a Job, u64)>,
}

impl Piece<'_> {
    fn seconds(&self) -> u64 {
        self.jobs.iter().map(|(_, seconds)| seconds).sum()
    }
}

/// Cuts a plan's jobs into at most [`MOST`] batches, in their order.
#[must_use]
pub fn batches<E: Fn(&Platform) -> bool>(plan: &Plan, cut: &Cut<'_, E>) -> Vec<Batch> {
    let mut groups: BTreeMap<(&Platform, &str), Piece<'_>> = BTreeMap::new();
    for job in plan.jobs() {
        let seconds = expected(job, cut);
        let key = (&job.platform, job.app.as_str());
        let group = groups.entry(key).or_insert(Piece { jobs: Vec::new() });
        group.jobs.push((job, seconds));
    }
    let mut room = u64::from(cut.minutes.get()) * 60;
    loop {
        let pieces: Vec<Piece<'_>> = groups
            .values()
            .flat_map(|group| parts(group, room))
            .collect();
        let pieces = match pieces.len() {
            0..=APART => pieces,
            _ => together(pieces, room),
        };
        if pieces.len() <= MOST {
            return pieces.iter().map(batch).collect();
        }
        room *= 2;
    }
}

fn expected<E: Fn(&Platform) -> bool>(job: &Job, cut: &Cut<'_, E>) -> u64 {
    let unknown = match (cut.emulated)(&job.platform) {
        true => UNKNOWN_EMULATED,
        false => UNKNOWN,
    };
    let targets = job.targets();
    let seconds = targets.map(|target| u64::from(cut.times.of(&target).unwrap_or(unknown)));
    seconds.sum()
}

/// A group as parts of about the same size, each of which has room.
fn parts<'a>(group: &Piece<'a>, room: u64) -> Vec<Piece<'a>> {
    let whole = group.seconds().max(1);
    let count = whole.div_ceil(room);
    let mut parts: Vec<Piece<'a>> = Vec::new();
    let (mut before, mut last) = (0, None);
    for (job, seconds) in &group.jobs {
        let part = before * count / whole;
        if last != Some(part) {
            last = Some(part);
            parts.push(Piece { jobs: Vec::new() });
        }
        if let Some(open) = parts.last_mut() {
            open.jobs.push((*job, *seconds));
        }
        before += seconds;
    }
    parts
}

/// Puts neighbours of one platform together while there is room.
fn together(pieces: Vec<Piece<'_>>, room: u64) -> Vec<Piece<'_>> {
    let mut all: Vec<Piece<'_>> = Vec::new();
    let platform = |piece: &Piece<'_>| piece.jobs.first().map(|(job, _)| job.platform.clone());
    for piece in pieces {
        match all.last_mut() {
            Some(open)
                if platform(open) == platform(&piece)
                    && open.seconds() + piece.seconds() <= room =>
            {
                open.jobs.extend(piece.jobs);
            }
            _ => all.push(piece),
        }
    }
    all
}

fn batch(piece: &Piece<'_>) -> Batch {
    let jobs: Vec<&Job> = piece.jobs.iter().map(|(job, _)| *job).collect();
    let ids: Vec<String> = jobs.iter().map(|job| job.id()).collect();
    let mut apps: Vec<String> = jobs.iter().map(|job| job.app.clone()).collect();
    apps.dedup();
    let platform = jobs.first().map(|job| job.platform.clone());
    let platform = platform.unwrap_or_else(Platform::native);
    Batch {
        id: id(&apps, &platform, &ids),
        platform,
        apps,
        targets: jobs.iter().map(|job| job.images.len()).sum(),
        seconds: u32::try_from(piece.seconds()).unwrap_or(u32::MAX),
        jobs: ids,
    }
}

/// That of its job where it has but one.
fn id(apps: &[String], platform: &Platform, jobs: &[String]) -> String {
    if let [job] = jobs {
        return job.clone();
    }
    let name = match apps {
        [app] => format!("{app}-{}", platform.slug()),
        _ => format!("apps-{}", platform.slug()),
    };
    let digest = hex::encode(Sha256::digest(jobs.join("\n")));
    format!(
        "{}-{}",
        readable(&name),
        digest.get(..12).unwrap_or(&digest)
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::pipeline::plan::tests_support::plan_of;

    fn job(app: &str, version: usize, platform: &str) -> Job {
        Job {
            app: app.to_owned(),
            version: version.to_string(),
            platform: platform.parse().unwrap(),
            images: vec![app.to_owned()],
            rebuild: false,
        }
    }

    fn cut(jobs: Vec<Job>, times: &Times, minutes: u32) -> Vec<Batch> {
        let plan = plan_of(jobs);
        let cut = Cut {
            times,
            emulated: |platform: &Platform| platform.architecture() == "s390x",
            minutes: NonZeroU32::new(minutes).unwrap(),
        };
        let batches = batches(&plan, &cut);
        // Whatever the cut, each job is in one batch, with its own kind.
        let planned: Vec<String> = plan.jobs().map(Job::id).collect();
        let mut cut: Vec<&String> = batches.iter().flat_map(|batch| &batch.jobs).collect();
        cut.sort();
        let mut all: Vec<&String> = planned.iter().collect();
        all.sort();
        assert_eq!(cut, all);
        let ids: BTreeSet<&str> = batches.iter().map(|batch| batch.id.as_str()).collect();
        assert_eq!(ids.len(), batches.len());
        for batch in &batches {
            assert!(!batch.jobs.is_empty());
            assert!(batch.id.len() < 128 && !batch.id.contains(['/', ':', ' ']));
            let platform = &batch.platform;
            let of = |job: &&Job| batch.jobs.contains(&job.id());
            assert!(plan.jobs().filter(of).all(|job| job.platform == *platform));
        }
        batches
    }

    fn both(app: &str, versions: usize) -> Vec<Job> {
        let version =
            |version| ["linux/amd64", "linux/arm64"].map(|platform| job(app, version, platform));
        (0..versions).flat_map(version).collect()
    }

    #[test]
    fn four_hundred_targets_are_no_four_hundred_jobs() {
        let unknown = Times::default();
        let batches = cut(both("a", 200), &unknown, 20);
        assert_eq!(batches.len(), 40);
        assert!(batches.iter().all(|batch| batch.seconds <= 20 * 60));
        // Once it is known that they take seconds, a machine each will do.
        let mut known = Times::default();
        for job in both("a", 1) {
            job.targets().for_each(|target| known.add(&target, 3));
        }
        let batches = cut(both("a", 200), &known, 20);
        let seconds: Vec<u32> = batches.iter().map(|batch| batch.seconds).collect();
        assert_eq!(seconds, [600, 600]);
        // A hundred apps of four targets each share machines.
        let apps = || (0..100).flat_map(|app| both(&format!("app{app}"), 2));
        let batches = cut(apps().collect(), &unknown, 20);
        assert_eq!(batches.len(), 40);
        assert!(batches.iter().all(|batch| batch.apps.len() == 5));
    }

    #[test]
    fn few_batches_have_one_app_each() {
        let jobs = [both("a", 1), both("b", 3)].concat();
        let batches = cut(jobs, &Times::default(), 20);
        let seen: Vec<_> = batches
            .iter()
            .map(|batch| {
                (
                    batch.apps.join(" "),
                    batch.platform.to_string(),
                    batch.targets,
                )
            })
            .collect();
        let expected = [
            ("a", "linux/amd64", 1),
            ("b", "linux/amd64", 3),
            ("a", "linux/arm64", 1),
            ("b", "linux/arm64", 3),
        ];
        assert_eq!(
            seen,
            expected.map(|(a, p, n)| (a.to_owned(), p.to_owned(), n))
        );
    }

    #[test]
    fn emulated_targets_are_expected_to_take_longer() {
        let jobs = (0..4).map(|n| job("a", n, "linux/s390x")).collect();
        let batches = cut(jobs, &Times::default(), 20);
        assert_eq!(batches.len(), 2);
        assert_eq!(batches[0].seconds, 1200);
    }

    #[test]
    fn a_matrix_holds_them_however_many_there_are() {
        assert!(cut(Vec::new(), &Times::default(), 1).is_empty());
        let batches = cut(both("a", 3000), &Times::default(), 1);
        assert!(batches.len() <= MOST && batches.len() > MOST / 4);
        // One that has no room anywhere has a machine for itself.
        assert_eq!(cut(both("a", 3), &Times::default(), 1).len(), 6);
    }
}
