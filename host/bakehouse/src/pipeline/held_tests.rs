use bakehouse_core::recipe::{App, Image, Version};

use super::*;
use crate::failure::Failure;
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::plan::{ImagePlan, VersionPlan};

/// Seconds of a day.
const DAY: i64 = 24 * 3600;
/// A day at 01:00, when runs begin.
const BEGIN: i64 = 1_795_914_000;

fn target(version: &str, image: &str, platform: &str) -> TargetId {
    TargetId {
        app: "a".to_owned(),
        version: version.to_owned(),
        image: image.to_owned(),
        platform: platform.parse().unwrap(),
    }
}

fn fail(history: &mut History, target: &TargetId, code: ExitCode, recipe: &str, at: i64) {
    let failure = FailureRecord::new(&Failure::new(code, "it broke").into());
    history.failed(target, &failure, recipe, &Date::at(at));
}

/// A version with these images for both platforms, of which nothing is there.
fn version(number: &str, jobs: &[&[&str]], rebuild: bool) -> VersionPlan {
    let both = || {
        ["linux/amd64", "linux/arm64"]
            .map(|p| p.parse().unwrap())
            .to_vec()
    };
    let images: BTreeSet<&str> = jobs
        .iter()
        .flat_map(|images| images.iter().copied())
        .collect();
    VersionPlan {
        version: Version {
            number: number.to_owned(),
            source: None,
            prerelease: false,
            created: None,
            revision_of: None,
            extras: Vec::new(),
            taken: Vec::new(),
        },
        images: images
            .iter()
            .map(|image| ImagePlan {
                image: (*image).to_owned(),
                wanted: both(),
                present: Vec::new(),
                missing: both(),
                rebuild: Vec::new(),
                published: None,
                reasons: Vec::new(),
                held: Vec::new(),
                tags: Vec::new(),
                unpublished: false,
            })
            .collect(),
        jobs: both()
            .into_iter()
            .flat_map(|platform| jobs.iter().map(move |images| (platform.clone(), images)))
            .map(|(platform, images)| Job {
                app: "a".to_owned(),
                version: number.to_owned(),
                platform,
                images: images.iter().map(|image| (*image).to_owned()).collect(),
                rebuild,
            })
            .collect(),
    }
}

fn plan(versions: Vec<VersionPlan>) -> Plan {
    let image = |name: &str| Image {
        name: name.to_owned(),
        summary: String::new(),
        needs: Vec::new(),
        platforms: Vec::new(),
        unpublished: false,
    };
    let app = App {
        name: "a".to_owned(),
        images: vec![image("a")],
        ..App::default()
    };
    Plan {
        apps: vec![AppPlan {
            app,
            moving: Vec::new(),
            versions,
            older: BTreeMap::new(),
            notes: Vec::new(),
        }],
        ..Plan::default()
    }
}

fn held(plan: &mut Plan, history: &History, recipe: &str, now: i64) -> Vec<String> {
    let recipes = BTreeMap::from([("a".to_owned(), recipe.to_owned())]);
    hold_back(plan, history, &recipes, &Date::at(now));
    assert_eq!(plan.short(), None, "nothing is built in part");
    plan.held().iter().map(ToString::to_string).collect()
}

#[test]
fn what_always_fails_is_tried_ever_more_seldom() {
    let mut history = History::default();
    let broken = target("1", "a", "linux/arm64");
    let mut tried = Vec::new();
    for day in 0..60 {
        let now = BEGIN + day * DAY;
        let mut plan = plan(vec![version("1", &[&["a"]], false)]);
        if held(&mut plan, &history, "r", now).is_empty() {
            assert_eq!(plan.target_count(), 2);
            tried.push(day);
            // A build takes a while, once more, once less.
            fail(
                &mut history,
                &broken,
                ExitCode::Build,
                "r",
                now + 60 + (day % 3) * 600,
            );
        } else {
            assert_eq!(plan.target_count(), 0, "both platforms wait");
            assert!(!plan.apps[0].versions[0].images[0].is_to_publish());
        }
    }
    assert_eq!(tried, [0, 1, 2, 4, 8, 16, 30, 44, 58]);
}

#[test]
fn one_line_says_what_waits_and_what_does_not() {
    let mut history = History::default();
    for (version, code) in [
        ("1", ExitCode::Build),
        ("2", ExitCode::Build),
        ("3", ExitCode::Denied),
    ] {
        for day in [0, 4] {
            let target = target(version, "a", "linux/arm64");
            fail(&mut history, &target, code, "r", BEGIN + day * DAY);
        }
    }
    let versions = || {
        let of = |number| version(number, &[&["a"]], false);
        vec![of("1"), of("2"), of("3"), of("4")]
    };
    let now = BEGIN + 5 * DAY;
    let mut some = plan(versions());
    let all = held(&mut some, &history, "r", now);
    assert_eq!(
        all,
        [
            "a 1 linux/amd64",
            "a 1 linux/arm64",
            "a 2 linux/amd64",
            "a 2 linux/arm64"
        ]
    );
    assert_eq!(some.target_count(), 4, "3 lacks a grant, 4 is new");
    assert_eq!(
        some.apps[0].notes,
        [
            "not tried: a 1 linux/arm64 and 1 more, which failed 2 times since 2026-11-29; tried \
          again after 2026-12-07, or with --retry-failed"
        ]
    );
    let why = some.apps[0].versions[0].images[0].why();
    assert_eq!(
        why,
        ["not tried until 2026-12-07: linux/arm64 failed 2 times since 2026-11-29"]
    );
    // Somebody has mended the recipe; or it is time.
    assert!(held(&mut plan(versions()), &history, "other", now).is_empty());
    assert!(held(&mut plan(versions()), &history, "r", BEGIN + 8 * DAY).is_empty());
}

#[test]
fn who_tries_by_hand_waits_for_nothing() {
    let mut history = History::default();
    for minutes in [0, 5, 60, 600] {
        let at = BEGIN + minutes * 60;
        fail(
            &mut history,
            &target("1", "a", "linux/arm64"),
            ExitCode::Build,
            "r",
            at,
        );
        let mut plan = plan(vec![version("1", &[&["a"]], false)]);
        assert!(
            held(&mut plan, &history, "r", at + 1).is_empty(),
            "{minutes}"
        );
    }
    // Nor who asks for a rebuild.
    let mut history = History::default();
    for day in [0, 4] {
        let target = target("1", "a", "linux/arm64");
        fail(
            &mut history,
            &target,
            ExitCode::Build,
            "r",
            BEGIN + day * DAY,
        );
    }
    let mut plan = plan(vec![version("1", &[&["a"]], true)]);
    assert!(held(&mut plan, &history, "r", BEGIN + 4 * DAY + 1).is_empty());
    assert_eq!(plan.target_count(), 2);
}

#[test]
fn what_is_built_with_it_waits_and_nothing_else() {
    let mut history = History::default();
    for day in [0, 4] {
        let target = target("1", "web", "linux/arm64");
        fail(
            &mut history,
            &target,
            ExitCode::Build,
            "r",
            BEGIN + day * DAY,
        );
    }
    let jobs: &[&[&str]] = &[&["base", "web", "worker"], &["docs"]];
    let mut plan = plan(vec![version("1", jobs, false)]);
    let all = held(&mut plan, &history, "r", BEGIN + 5 * DAY);
    assert_eq!(all.len(), 6, "{all:?}");
    let left: Vec<_> = plan.jobs().map(|job| job.images.join("+")).collect();
    assert_eq!(left, ["docs", "docs"]);
    let worker = plan.apps[0].versions[0]
        .images
        .iter()
        .find(|i| i.image == "worker")
        .unwrap();
    assert_eq!(worker.held[0].image, "web");
}
