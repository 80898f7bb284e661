use super::*;
use crate::pipeline::report::Ending;

fn target(version: &str) -> TargetId {
    TargetId {
        app: "outline".to_owned(),
        version: version.to_owned(),
        image: "base-outline".to_owned(),
        platform: "linux/arm64".parse().unwrap(),
    }
}

#[test]
fn a_run_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(KeptRun::all(&dir.path().join("runs")).unwrap(), []);
    let run = RunFolder::create(dir.path(), Keep::default()).unwrap();
    let target = target("1.0.0");
    assert_eq!(run.log(&target), None);
    run.line(&target, "RUN make");
    run.line(&target, "  \u{1b}[2Jdone\n::error::x");
    let log = run.log(&target).unwrap();
    let name = log.file_name().unwrap().to_str().unwrap();
    assert_eq!(name, "outline+1.0.0+base-outline+linux-arm64.log");
    let text = fs::read_to_string(&log).unwrap();
    assert_eq!(text, "RUN make\n  \\u{1b}[2Jdone\\n::error::x\n");

    let report = Report {
        ending: Ending::Stopped,
        unbuilt: vec![target],
        ..Report::default()
    };
    let [kept] = KeptRun::all(dir.path()).unwrap().try_into().unwrap();
    assert_eq!(kept.report().unwrap(), None);
    run.report(&report).unwrap();
    assert_eq!(kept.report().unwrap().as_ref(), Some(&report));
    assert_eq!(kept.logs().unwrap(), [log]);
    assert!(kept.is_running());
    run.report(&Report {
        next: Some("bakehouse run".to_owned()),
        ..Report::default()
    })
    .unwrap();
    let told = || {
        let report = kept.report().unwrap().unwrap();
        (report.ending, report.next)
    };
    assert_eq!(told(), (Ending::Unfinished, None));
    drop(run);
    assert!(!kept.is_running());
    assert_eq!(told(), (Ending::Killed, Some("bakehouse run".to_owned())));
}

#[test]
fn targets_whose_names_look_alike_have_logs_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunFolder::create(dir.path(), Keep::default()).unwrap();
    let long = "1".repeat(300);
    let versions = ["1.0/0", "1.0:0", "1.0_0", &long, &format!("{long}2")];
    for version in versions {
        run.line(&target(version), version);
    }
    for version in versions {
        let log = run.log(&target(version)).unwrap();
        assert_eq!(fs::read_to_string(log).unwrap(), format!("{version}\n"));
    }
}

#[test]
fn a_log_is_bounded_and_keeps_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunFolder::create(dir.path(), Keep::default()).unwrap();
    let line = "x".repeat(1 << 20);
    run.line(&target("1"), "whose it is");
    for n in 0..14 {
        run.line(&target("1"), &format!("{n} {line}"));
    }
    run.line(&target("1"), "the end");
    let log = run.log(&target("1")).unwrap();
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.ends_with("the end\n") && text.starts_with("whose it is\n12 "));
    let earlier = fs::read_to_string(log.with_extension("log.earlier")).unwrap();
    assert!(earlier.starts_with("whose it is\n8 "));
    assert_eq!(fs::read_dir(run.path()).unwrap().count(), 3);
}

#[test]
fn a_timeline_keeps_its_events_when_it_has_no_room_for_steps() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunFolder::create(dir.path(), Keep::default()).unwrap();
    let step = format!("{}\n", "x".repeat(1 << 20));
    for _ in 0..20 {
        run.event(&step, Detail::Step);
    }
    run.event("the end\n", Detail::Event);
    let [kept] = KeptRun::all(dir.path()).unwrap().try_into().unwrap();
    let lines = kept.timeline().unwrap();
    assert_eq!(
        (lines.len(), lines.last().unwrap().as_str()),
        (9, "the end")
    );
}

#[test]
fn runs_that_are_too_old_go() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("20200101T000000.000Z");
    fs::create_dir(&old).unwrap();
    let day = id(Timestamp::now().as_millisecond() - 24 * 60 * 60 * 1000);
    fs::create_dir(dir.path().join(&day)).unwrap();
    let kept = RunFolder::create(dir.path(), Keep::default()).unwrap();
    let left: Vec<_> = KeptRun::all(dir.path()).unwrap();
    let left: Vec<_> = left.iter().map(|run| run.id.as_str()).collect();
    assert_eq!(left, [&day, kept.id()]);
    let said = begun("20200102T030405.678Z").unwrap();
    assert_eq!(said.to_string(), "2020-01-02T03:04:05.678Z");
    assert_eq!(begun("x"), None);
}

#[test]
fn the_oldest_runs_go_and_never_one_at_work() {
    let dir = tempfile::tempdir().unwrap();
    let keep = Keep {
        runs: 3,
        runs_mib: 1,
        ..Keep::default()
    };
    let first = RunFolder::create(dir.path(), keep).unwrap();
    for _ in 0..5 {
        RunFolder::create(dir.path(), keep).unwrap();
    }
    let left = KeptRun::all(dir.path()).unwrap();
    assert_eq!(left.len(), 4, "three, and the one at work");
    assert_eq!(left[0].id, first.id());
    drop(first);

    let large = RunFolder::create(dir.path(), keep).unwrap();
    fs::write(large.path().join("x.log"), vec![0; 2 << 20]).unwrap();
    drop(large);
    fs::create_dir(dir.path().join("mine")).unwrap();
    let last = RunFolder::create(dir.path(), keep).unwrap();
    let left = KeptRun::all(dir.path()).unwrap();
    // A folder that is gone leaves its name to the next of the same moment.
    let large = |run: &KeptRun| run.path.join("x.log").exists();
    assert!(!left.iter().any(large), "{left:?}");
    assert_eq!(left.last().unwrap().id, last.id());
    assert!(dir.path().join("mine").is_dir());
}

#[test]
fn a_run_that_did_something_outlives_those_that_did_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let keep = Keep {
        runs: 3,
        ..Keep::default()
    };
    let failed = RunFolder::create(dir.path(), keep).unwrap();
    failed.line(&target("1.0.0"), "FAILED: it");
    let of_failed = failed.id().to_owned();
    drop(failed);
    for _ in 0..5 {
        RunFolder::create(dir.path(), keep).unwrap();
    }
    let left = KeptRun::all(dir.path()).unwrap();
    assert_eq!((left.len(), &left[0].id), (3, &of_failed), "{left:?}");
}
