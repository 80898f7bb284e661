use bakehouse_core::target::TargetId;

use super::*;
use crate::failure::{ExitCode, Failure};
use crate::pipeline::alarm::{Alarm, AlarmKind};
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::outcome::PushedBytes;
use crate::pipeline::report::TargetReport;

fn id(app: &str, version: &str, platform: &str) -> TargetId {
    TargetId {
        app: app.to_owned(),
        version: version.to_owned(),
        image: app.to_owned(),
        platform: platform.parse().unwrap(),
    }
}

fn target(id: &TargetId, began: f64, size: Option<u64>) -> TargetReport {
    TargetReport {
        target: id.to_string(),
        id: id.clone(),
        digest: size.map(|_| "sha256:0123456789abcdef".to_owned()),
        reused: false,
        steps: 4,
        cached: 3,
        began,
        seconds: 10.0,
        pushed: size.map(|size| PushedBytes {
            sent: size / 4,
            skipped: size - size / 4,
        }),
        size,
        link: None,
        log: Some(format!(".bakehouse/runs/1/{app}.log", app = id.app)),
        warnings: Vec::new(),
    }
}

fn failed(id: &TargetId, why: &str) -> FailureRecord {
    let error = Failure::new(ExitCode::Build, format!("{id}: {why}")).into();
    let alone = format!("bakehouse build {} --version {}", id.app, id.version);
    FailureRecord::new(&error).of_target(id, alone)
}

fn report() -> Report {
    let (one, two) = (
        id("outline", "1.0.0", "linux/amd64"),
        id("outline", "1.1.0", "linux/amd64"),
    );
    let evil =
        "step `RUN <script>` failed: exit code: 1\n  </pre><script>alert(1)</script> \u{202e}";
    Report {
        command: "bakehouse run '<b>'".to_owned(),
        begun: "2026-11-29T20:00:00Z".to_owned(),
        ending: Ending::Failed,
        seconds: 100.0,
        failures: vec![failed(&one, evil), failed(&two, evil)],
        targets: vec![
            target(
                &id("esbuild", "0.27.0", "linux/arm64"),
                0.0,
                Some(5_000_000),
            ),
            target(
                &id("esbuild", "0.27.1", "linux/arm64"),
                10.0,
                Some(6_000_000),
            ),
            target(&one, 20.0, None),
            target(&two, 30.0, None),
        ],
        unbuilt: vec![id("outline", "1.2.0", "linux/amd64")],
        ..Report::default()
    }
}

fn html(report: &Report, timeline: &[String]) -> String {
    let mut earlier = Earlier::default();
    earlier.add(&Report {
        targets: vec![target(
            &id("esbuild", "0.9.0", "linux/arm64"),
            0.0,
            Some(4_000_000),
        )],
        ..Report::default()
    });
    let page = ReportPage {
        run: "20261129T200000.000Z",
        report,
        timeline,
        earlier: &earlier,
    };
    page.html().to_string()
}

#[test]
fn a_cause_is_told_once_with_all_that_failed_for_it() {
    let page = html(&report(), &[]);
    assert_eq!(page.matches("class=\"cause\"").count(), 1);
    assert_eq!(page.matches("exit code: 1").count(), 1, "{page}");
    for name in ["outline 1.0.0 linux/amd64", "outline 1.1.0 linux/amd64"] {
        assert!(page.contains(&format!("<li>{name}</li>")), "{page}");
    }
    assert!(page.contains("2 failures of this cause"), "{page}");
    assert!(
        page.contains("bakehouse build outline --version 1.0.0"),
        "{page}"
    );
}

#[test]
fn what_others_say_is_text_and_nothing_is_loaded() {
    let warning = serde_json::json!({"event": "warning", "message": "<img src=x>"});
    let retry = serde_json::json!({"event": "retry", "what": "uploading \"x\"", "pause": 1.0});
    let lines = [
        warning.to_string(),
        retry.to_string(),
        retry.to_string(),
        "{\"event\": \"target-st".to_owned(),
    ];
    let page = html(&report(), &lines);
    for markup in [
        "<script", "<img", "<b>", "\u{202e}", " style=", "http://", "https://",
    ] {
        assert!(!page.contains(markup), "{markup} in {page}");
    }
    assert!(page.contains("&lt;img src=x&gt;"), "{page}");
    assert!(
        page.contains("uploading &quot;x&quot; (2 of its kind)"),
        "{page}"
    );
}

#[test]
fn sizes_are_in_the_order_of_versions_with_those_of_earlier_runs() {
    let page = html(&report(), &[]);
    let at = |what: &str| {
        page.find(what)
            .unwrap_or_else(|| panic!("{what} in {page}"))
    };
    assert!(at("0.9.0 linux/arm64: 4.0 MB") < at("0.27.0 linux/arm64: 5.0 MB"));
    assert!(at("0.27.0 linux/arm64: 5.0 MB") < at("0.27.1 linux/arm64: 6.0 MB"));
    // Their bars begin when they did.
    assert!(page.contains("x=\"100.0\" width=\"100.0\""), "{page}");
    assert!(page.contains("3 of 4"), "{page}");
    assert!(page.contains("6 of 8, 75 %"), "{page}");
}

#[test]
fn a_run_that_did_nothing_has_a_page() {
    let page = html(&Report::default(), &[]);
    assert!(
        page.contains("at work") && page.ends_with("</html>\n"),
        "{page}"
    );
    for word in ["<section>", "Destination", "killed"] {
        assert!(!page.contains(word), "{word} in {page}");
    }
}

#[test]
fn a_page_says_that_its_run_was_killed_and_how_to_go_on_and_has_its_alarms() {
    let mut report = Report {
        ending: Ending::Killed,
        next: Some("bakehouse run a".to_owned()),
        ..Report::default()
    };
    let page = html(&report, &[]);
    assert!(page.contains("state odd\">killed<"), "{page}");
    assert!(page.contains("To go on: <code>bakehouse run a<"), "{page}");

    report.ending = Ending::Done;
    report.alarms = vec![Alarm {
        kind: AlarmKind::Behind,
        app: "a".to_owned(),
        image: Some("a".to_owned()),
        message: "a has been behind <b>".to_owned(),
        hint: "see what keeps it".to_owned(),
    }];
    let page = html(&report, &[]);
    assert!(page.contains("state odd\">alarm<"), "{page}");
    assert!(page.contains("a has been behind &lt;b&gt;"), "{page}");
    assert!(page.contains("<dd>see what keeps it</dd>"), "{page}");
}
