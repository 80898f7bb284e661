use super::*;
use crate::failure::Failure;
use crate::pipeline::plan::Plan;

fn date(text: &str) -> Date {
    Date::parse(&format!("2026-11-{text}Z")).unwrap()
}

fn day(day: u32) -> Date {
    date(&format!("{day:02}T01:00:00"))
}

fn target(version: &str) -> TargetId {
    TargetId {
        app: "a".to_owned(),
        version: version.to_owned(),
        image: "a".to_owned(),
        platform: "linux/arm64".parse().unwrap(),
    }
}

fn failure(code: ExitCode) -> FailureRecord {
    FailureRecord::new(&Failure::new(code, "step 3 failed").into())
}

#[test]
fn a_failure_is_remembered_until_it_goes_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history/r.json");
    let failed = |day: &Date, recipe: &str| {
        let change = |history: &mut History| {
            history.failed(&target("1"), &failure(ExitCode::Build), recipe, day);
        };
        let history = History::update(&path, change).unwrap();
        history.trouble(&target("1")).unwrap().clone()
    };
    assert_eq!(failed(&day(1), "r1").times, 1);
    let again = failed(&day(2), "r1");
    assert_eq!(
        (again.times, &again.since, &again.first),
        (2, &day(1), &day(1))
    );
    let other = failed(&day(3), "r2");
    assert_eq!(
        (other.times, &other.since, &other.first),
        (3, &day(1), &day(3))
    );
    assert_eq!(other.message, "step 3 failed");
    assert_eq!(History::read(&path).unwrap().trouble(&target("2")), None);

    // What the machine had is not the target's.
    for code in [
        ExitCode::Builder,
        ExitCode::Registry,
        ExitCode::Credentials,
        ExitCode::Storage,
    ] {
        let change = |h: &mut History| h.failed(&target("1"), &failure(code), "r2", &day(4));
        let history = History::update(&path, change).unwrap();
        assert_eq!(history.trouble(&target("1")), Some(&other), "{code:?}");
    }
    let written = std::fs::metadata(&path).unwrap().modified().unwrap();
    History::update(&path, |_| {}).unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().modified().unwrap(),
        written,
        "nothing is new"
    );

    let history = History::update(&path, |history| history.succeeded(&target("1"))).unwrap();
    assert_eq!(history.trouble(&target("1")), None);
    assert_eq!(History::read(&path).unwrap(), history);
    for bad in ["", "{", "[]", "{\"schema\":2,\"apps\":{}}"] {
        std::fs::write(&path, bad).unwrap();
        assert_eq!(History::read(&path).unwrap(), History::default(), "{bad}");
    }
}

#[test]
fn far_fewer_versions_than_last_time() {
    let mut history = History::default();
    let mut looked = |versions: usize, asked: u32, day: u32| {
        let now = date(&format!("{day:02}T00:00:00"));
        let fewer = history.looked("a", (versions, asked), "2.0", &now);
        fewer.map(|fewer| (fewer.before, fewer.now))
    };
    assert_eq!(looked(40, 10, 1), None);
    assert_eq!(looked(41, 10, 2), None);
    assert_eq!(looked(30, 10, 3), None, "a few were withdrawn");
    assert_eq!(looked(14, 10, 4), Some((30, 14)));
    assert_eq!(looked(0, 10, 5), Some((30, 0)));
    // Asked for fewer, a recipe may list fewer.
    assert_eq!(looked(2, 2, 5), None);
    assert_eq!(looked(1, 2, 5), Some((30, 1)), "that is all there is");
    assert_eq!(looked(14, 10, 17), Some((30, 14)));
    assert_eq!(
        looked(14, 10, 18),
        None,
        "after two weeks it is what there is"
    );
    assert_eq!(looked(13, 10, 19), None);
    let mut few = History::default();
    assert_eq!(few.looked("a", (3, 10), "1", &day(1)), None);
    assert_eq!(
        few.looked("a", (1, 10), "1", &day(2)),
        None,
        "no more than two are gone"
    );
}

#[test]
fn the_newest_version_is_dated_to_when_it_was_seen_first() {
    let mut history = History::default();
    for (newest, at) in [("1", 1), ("1", 2), ("2", 3), ("2", 9)] {
        history.looked("a", (5, 10), newest, &day(at));
    }
    let app = history.app("a").unwrap();
    assert_eq!(
        (&app.seen, &app.listed.as_ref().unwrap().since),
        (&day(1), &day(3))
    );
    history.not_looked("a", &failure(ExitCode::Upstream), &day(10));
    history.not_looked("a", &failure(ExitCode::Nothing), &day(11));
    let failing = history.app("a").unwrap().failing.clone().unwrap();
    assert_eq!(
        (failing.times, failing.since, failing.code),
        (2, day(10), 12)
    );
    history.looked("a", (5, 10), "2", &day(12));
    assert_eq!(history.app("a").unwrap().failing, None);
    history.only(&["b".to_owned()]);
    assert_eq!(history.app("a"), None);
}

#[test]
fn what_is_published_or_gone_is_forgotten() {
    let mut history = History::default();
    let all = ["1", "2", "3", "4"];
    for version in all {
        history.failed(&target(version), &failure(ExitCode::Build), "r", &day(1));
    }
    let version = |number: &str, wanted: &[&str], missing: &[&str]| {
        let image = serde_json::json!({
            "image": "a", "wanted": wanted, "present": [], "missing": missing, "tags": [],
        });
        serde_json::json!({ "version": { "number": number }, "images": [image], "jobs": [] })
    };
    let arm64: &[&str] = &["linux/arm64"];
    let app = serde_json::json!({
        "name": "a", "recipeVersion": "1", "summary": "", "upstream": "", "license": "", "images": [],
    });
    let plan: Plan = serde_json::from_value(serde_json::json!({
        "schema": 1, "registry": "r.example", "namespace": "n",
        "apps": [{ "app": app, "versions": [
            version("1", arm64, arm64), version("2", arm64, &[]), version("3", &["linux/amd64"], &[]),
        ] }],
    }))
    .unwrap();
    let left = |history: &History| {
        let known = |version: &&&str| history.trouble(&target(version)).is_some();
        all.iter().filter(known).copied().collect::<Vec<_>>()
    };
    history.settle(&plan, &day(2));
    assert_eq!(left(&history), ["1", "3", "4"]);
    history.settle(&plan, &Date::parse("2027-02-01T00:00:00Z").unwrap());
    assert_eq!(left(&history), ["1"]);
}
