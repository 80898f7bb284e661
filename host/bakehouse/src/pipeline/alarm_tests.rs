use bakehouse_core::target::TargetId;
use serde_json::json;

use super::*;
use crate::failure::Failure;
use crate::pipeline::failure_record::FailureRecord;

fn date(text: &str) -> Date {
    Date::parse(&format!("{text}T01:00:00Z")).unwrap()
}

/// An app with versions: number, day of release, and whether it is published.
fn plan(versions: &[(&str, Option<&str>, bool)]) -> Plan {
    let versions: Vec<_> = versions
        .iter()
        .map(|(number, released, there)| {
            let all = ["linux/amd64"];
            let (present, missing): (&[&str], &[&str]) = match there {
                true => (&all, &[]),
                false => (&[], &all),
            };
            let created = released.map(|day| format!("{day}T00:00:00Z"));
            json!({
                "version": { "number": number, "created": created, "prerelease": number.contains("rc") },
                "images": [{
                    "image": "a", "wanted": all, "present": present, "missing": missing, "tags": [],
                }],
                "jobs": [],
            })
        })
        .collect();
    let image = json!({ "name": "a", "summary": "", "needs": [], "platforms": ["linux/amd64"] });
    let app = json!({
        "name": "a", "recipeVersion": "1", "summary": "", "upstream": "", "license": "",
        "images": [image],
    });
    serde_json::from_value(json!({
        "schema": 1, "registry": "r.example", "namespace": "n",
        "apps": [{ "app": app, "versions": versions }],
    }))
    .unwrap()
}

fn raised(plan: &Plan, history: &History, thresholds: Alarms, now: &Date) -> Vec<String> {
    let none = BTreeMap::new();
    let open = |_: &VersionPlan, image: &ImagePlan| !image.is_done();
    let all = alarms(plan, &none, history, thresholds, now, &[], open);
    all.into_iter().map(|alarm| alarm.message).collect()
}

#[test]
fn an_image_that_is_behind_for_long() {
    let history = History::default();
    let released = plan(&[
        ("1.0", Some("2026-01-01"), true),
        ("1.1", Some("2026-11-01"), false),
        ("1.2", Some("2026-11-14"), false),
        ("2.0-rc1", Some("2026-11-02"), false),
    ]);
    let at = |day: &str| raised(&released, &history, Alarms::default(), &date(day));
    // It counts from the first version that is newer than what is published.
    assert_eq!(at("2026-11-15"), [""; 0]);
    assert_eq!(
        at("2026-11-16"),
        ["a has been behind upstream for 15 days: it is at 1.0, and upstream is at 1.2"]
    );
    let none = BTreeMap::new();
    let open = |_: &VersionPlan, image: &ImagePlan| !image.is_done();
    let now = date("2026-11-16");
    let defaults = Alarms::default();
    let told = alarms(&released, &none, &history, defaults, &now, &[], open);
    assert_eq!(
        told[0].hint, "see what keeps it: bakehouse run a",
        "nothing has failed"
    );
    // One that was left behind before the versions of the plan is no new one.
    let mut plan_of_new = plan(&[("1.1", Some("2026-11-01"), false)]);
    let older = json!({ "version": "0.9", "newer": 30, "since": "2026-01-01T00:00:00Z" });
    let older = serde_json::from_value(older).unwrap();
    plan_of_new.apps[0].older.insert("a".to_owned(), older);
    assert_eq!(
        raised(&plan_of_new, &history, Alarms::default(), &now),
        ["a has been behind upstream for 319 days: it is at 0.9, and upstream is at 1.1"]
    );
    let never = Alarms {
        behind_days: 0,
        ..Alarms::default()
    };
    assert_eq!(
        raised(&released, &history, never, &date("2027-11-16")),
        [""; 0]
    );
    let done = plan(&[
        ("1.0", Some("2026-01-01"), false),
        ("1.1", Some("2026-11-01"), true),
    ]);
    assert_eq!(
        raised(&done, &history, Alarms::default(), &date("2027-01-01")),
        [""; 0]
    );

    // Without dates it counts from when the version, or the app, was seen first.
    let mut history = History::default();
    for (newest, day) in [("1.0", "2026-10-01"), ("1.1", "2026-11-01")] {
        history.looked("a", (2, 10), newest, &date(day));
    }
    let undated = plan(&[("1.0", None, true), ("1.1", None, false)]);
    let told = raised(&undated, &history, Alarms::default(), &date("2026-11-20"));
    assert!(told[0].contains("for 19 days"), "{told:?}");
    let new = plan(&[
        ("1.0", Some("2020-01-01"), false),
        ("1.1", Some("2020-02-01"), false),
    ]);
    let told = raised(&new, &history, Alarms::default(), &date("2026-11-20"));
    assert!(
        told[0].contains("for 50 days: it has no version"),
        "{told:?}"
    );
    assert_eq!(
        raised(
            &new,
            &History::default(),
            Alarms::default(),
            &date("2026-11-20")
        ),
        [""; 0]
    );
}

#[test]
fn a_target_that_failed_often_and_the_worst_alarm() {
    let mut history = History::default();
    let target = TargetId {
        app: "a".to_owned(),
        version: "1.1".to_owned(),
        image: "a".to_owned(),
        platform: "linux/amd64".parse().unwrap(),
    };
    // As a target's failure begins with its name.
    let message = format!("{target}: step 3 failed");
    let failure = FailureRecord::new(&Failure::new(ExitCode::Build, message).into());
    let missing = plan(&[("1.0", None, true), ("1.1", Some("2026-11-01"), false)]);
    for (day, alarm) in [
        ("2026-11-01", false),
        ("2026-11-02", false),
        ("2026-11-03", true),
    ] {
        history.failed(&target, &failure, "r", &date(day));
        let told = raised(&missing, &history, Alarms::default(), &date(day));
        assert_eq!(!told.is_empty(), alarm, "{day}");
    }
    let none = BTreeMap::new();
    let open = |_: &VersionPlan, image: &ImagePlan| !image.is_done();
    let flags = ["--root", "there", "--namespace", "mine"].map(str::to_owned);
    let all = |day: &str, fewer: &BTreeMap<String, Fewer>| {
        alarms(
            &missing,
            fewer,
            &history,
            Alarms::default(),
            &date(day),
            &flags,
            open,
        )
    };
    let failing = all("2026-11-03", &none);
    assert_eq!(
        failing[0].message,
        "a 1.1 linux/amd64: failed 3 times since 2026-11-01: step 3 failed"
    );
    assert_eq!(
        failing[0].hint,
        "see its log (bakehouse logs a --failed --root there), mend what that tells of, and try it \
         alone: bakehouse build a --version 1.1 --platform linux/amd64 --root there --namespace mine"
    );
    assert_eq!(code(&failing), ExitCode::Failing);
    let behind = all("2026-12-01", &none);
    assert_eq!(code(&behind), ExitCode::Behind);
    let retry = "see what keeps it: bakehouse run a --retry-failed --root there --namespace mine";
    assert_eq!(behind[0].hint, retry);
    let fewer = BTreeMap::from([("a".to_owned(), Fewer { before: 40, now: 2 })]);
    let all = all("2026-12-01", &fewer);
    assert_eq!(
        all[0].message,
        "a: upstream lists 2 versions, and listed 40 the last time"
    );
    assert_eq!((all.len(), code(&all)), (3, ExitCode::Fewer));
    assert_eq!(code(&[]), ExitCode::Success);
    // Published meanwhile, it is nothing to be alarmed of.
    let done = plan(&[("1.1", None, true)]);
    assert_eq!(
        raised(&done, &history, Alarms::default(), &date("2026-12-01")),
        [""; 0]
    );
}
