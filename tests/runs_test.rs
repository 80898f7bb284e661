//! The remains of runs: `runs`, `logs`, `report`, and events as JSON.

use serde_json::Value;

use crate::support::{Builder, Output, Project};

/// Events of a command that was run with `--progress json`.
fn events(output: &Output) -> Vec<Value> {
    let lines = output.stderr.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Places of the events of this name.
fn places(events: &[Value], name: &str) -> Vec<usize> {
    let of = |(place, event): (usize, &Value)| (event["event"] == name).then_some(place);
    events.iter().enumerate().filter_map(of).collect()
}

#[test]
fn a_run_is_told_in_events_and_found_again_afterwards() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.1.0-arm64fails", "1.2.0-arm64fails"]);
    project.run(&["runs"]).expect(4).says("no run is kept here");
    let output = project
        .run(&["run", "--progress", "json", "-v", "--namespace", "test"])
        .expect(8);
    let all = events(&output);
    assert!(all.iter().all(|event| event["schema"] == 1), "{all:?}");
    // Each comes after what it follows from.
    let [queued] = places(&all, "targets-queued")[..] else {
        panic!("{all:?}")
    };
    assert_eq!(all[queued]["targets"].as_array().unwrap().len(), 6);
    let found = places(&all, "app-finished");
    let started = places(&all, "target-started");
    let (finished, failed) = (
        places(&all, "target-finished"),
        places(&all, "target-failed"),
    );
    assert_eq!(
        (found.len(), started.len()),
        (3, 6),
        "load, discover, check"
    );
    assert_eq!((finished.len(), failed.len()), (4, 2));
    assert!(found[2] < queued && queued < started[0]);
    assert_eq!(all.last().unwrap()["event"], "ended");
    assert_eq!(all.last().unwrap()["code"], 8);
    let steps = places(&all, "target-steps");
    assert!(
        steps
            .iter()
            .any(|place| all[*place]["total"].as_u64() > Some(0))
    );
    // The engine's own builder pushes nothing: the host does.
    let pushed = places(&all, "target-pushed");
    let sent = |place: &usize| all[*place]["sent"].as_u64() > Some(0);
    assert!(pushed.iter().any(sent), "{all:?}");
    let failure = &all[failed[0]];
    assert!(
        failure["error"].as_str().unwrap().contains("step `"),
        "{failure}"
    );
    assert_eq!(
        failure["reproduce"],
        format!(
            "bakehouse build misbehave --version {} --platform linux/arm64 --namespace test",
            failure["version"].as_str().unwrap()
        )
    );
    // Both failed at the same step: one cause.
    let causes = places(&all, "failure");
    assert_eq!(causes.len(), 1, "{all:?}");
    let cause = all[causes[0]]["message"].as_str().unwrap();
    assert!(
        cause.starts_with("2 failed for the same reason: step `"),
        "{cause}"
    );

    let listed = project.run(&["runs", "--format", "json"]).expect(0).json();
    let run = &listed["runs"][0];
    assert_eq!(
        (&run["ending"], &run["exitCode"]),
        (&"failed".into(), &8.into())
    );
    assert_eq!((&run["built"], &run["failures"]), (&4.into(), &2.into()));
    let id = run["run"].as_str().unwrap();
    let shown = project.run(&["runs"]).expect(0).stdout;
    assert!(
        shown.contains(id) && shown.contains("bakehouse run --progress json -v --namespace test"),
        "{shown}"
    );

    // The timeline has the same events, but for what steps printed.
    let timeline =
        std::fs::read_to_string(project.path(&format!(".bakehouse/runs/{id}/timeline.jsonl")));
    let timeline = timeline.unwrap();
    for name in [
        "stage",
        "targets-queued",
        "target-failed",
        "tagged",
        "ended",
    ] {
        assert!(
            timeline.contains(&format!("\"event\":\"{name}\"")),
            "{name} in {timeline}"
        );
    }

    let one = project
        .run(&["logs", "misbehave", "1.0.0", "linux/amd64"])
        .expect(0);
    assert!(
        one.stdout.starts_with("misbehave 1.0.0 linux/amd64\n"),
        "{}",
        one.stdout
    );
    assert!(!one.stdout.contains("arm64"), "{}", one.stdout);
    let failed = project.run(&["logs", "--failed"]).expect(0);
    assert_eq!(
        failed.stdout.matches("FAILED: ").count(),
        2,
        "{}",
        failed.stdout
    );
    assert!(!failed.stdout.contains("1.0.0 linux"), "{}", failed.stdout);
    project
        .run(&["logs", "misbehave", "1.0.1"])
        .expect(4)
        .says("there is no log of misbehave 1.0.1");
    project.run(&["logs", "--run", "2000"]).expect(4).says(id);

    let page = project.run(&["report", "--html"]).expect(0).stdout;
    assert!(
        page.starts_with("<!doctype html>") && page.ends_with("</html>\n"),
        "{page}"
    );
    assert!(page.contains("2 failures of this cause"), "{page}");
    let report = project
        .run(&["report", id, "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(report["targets"].as_array().unwrap().len(), 6);
    assert!(report["targets"][0]["size"].as_u64() > Some(0), "{report}");
    let text = project.run(&["report"]).expect(0);
    let last = text.stdout.lines().last().unwrap();
    assert!(
        last.starts_with("built 4, reused 0, tags set 2, "),
        "{last}"
    );

    // What was built is known to take so long, the next time.
    let again = project
        .run(&["run", "--rebuild", "--progress", "json"])
        .expect(8);
    let all = events(&again);
    let [queued] = places(&all, "targets-queued")[..] else {
        panic!("{all:?}")
    };
    let expected = &all[queued]["targets"][0]["expectedSeconds"];
    assert!(expected.as_u64() > Some(0), "{expected}");
}
