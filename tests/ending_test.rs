//! The last words of a run at every ending: of its own, by an error, by a signal.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Builder, Output, Project, finish};

/// The report of the newest run.
fn report(project: &Project) -> Value {
    let runs = std::fs::read_dir(project.path(".bakehouse/runs")).unwrap();
    let mut runs: Vec<_> = runs.map(|run| run.unwrap().path()).collect();
    runs.sort();
    json(&runs.last().unwrap().join("report.json"))
}

fn json(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args([name, &pid]).status().unwrap();
    assert!(sent.success());
}

/// Starts a run, and sends it a signal when it has said `line`.
fn stopped(project: &Project, more: &[&str], line: &str, name: &str) -> Output {
    let mut child = project
        .command(&[&["run"], more].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut stderr = String::new();
    for said in lines.by_ref().map_while(Result::ok) {
        stderr.push_str(&format!("{said}\n"));
        if said.contains(line) {
            break;
        }
    }
    assert!(stderr.contains(line), "{stderr}");
    if name == "-KILL" {
        // The line is told a moment before it is kept.
        std::thread::sleep(Duration::from_secs(1));
    }
    signal(&child, name);
    for said in lines.map_while(Result::ok) {
        stderr.push_str(&format!("{said}\n"));
    }
    let mut stdout = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    Output {
        code: child.wait().unwrap().code(),
        stdout,
        stderr,
    }
}

#[test]
fn a_signal_ends_with_what_was_done_and_what_was_not() {
    for (name, told) in [("-INT", "Ctrl-C"), ("-TERM", "SIGTERM")] {
        let project = Project::new(Builder::Docker);
        project.misbehave(&["1.0.0", "1.1.0-spin"]);
        std::fs::write(project.path("summary.json"), "{\"of\": \"an earlier run\"}").unwrap();
        let only = ["--concurrency", "1", "--summary", "summary.json"];
        let line = "tagged local/test/misbehave:1.0.0 -> ";
        let output = stopped(&project, &only, line, name).expect(130);
        let go_on = "bakehouse run --concurrency 1 --summary summary.json";
        let output = output
            .says(&format!("error: stopped by {told}\n"))
            .says(&format!("hint: to go on, run: {go_on}\n"));
        for line in [
            "local/test/misbehave:1.0.0  sha256:",
            "not built: misbehave 1.1.0-spin linux/amd64, misbehave 1.1.0-spin linux/arm64\n",
            "not published: local/test/misbehave:1.1.0-spin\n",
            "logs: .bakehouse/runs/",
        ] {
            assert!(output.stdout.contains(line), "{line} in\n{}", output.stdout);
        }
        // Told once by the run itself, and by its report afterwards.
        let to_go_on = format!("to go on, run: {go_on}\n");
        assert!(!output.stdout.contains(&to_go_on), "{}", output.stdout);
        let told = project.run(&["report"]).expect(0).stdout;
        assert!(told.contains(&to_go_on), "{told}");
        let report = report(&project);
        assert_eq!(report, json(&project.path("summary.json")));
        for (key, value) in [
            ("schema", Value::from(1)),
            ("ending", "stopped".into()),
            ("exitCode", 130.into()),
            ("next", go_on.into()),
        ] {
            assert_eq!(report[key], value, "{key}");
        }
        assert_eq!(report["targets"].as_array().unwrap().len(), 2);
        assert_eq!(report["images"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_killed_run_is_told_as_far_as_it_came_also_without_its_report() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.1.0-spin"]);
    let tagged = "tagged local/test/misbehave:1.0.0 -> ";
    stopped(&project, &["--concurrency", "1"], tagged, "-KILL");
    let listed = project.run(&["runs", "--format", "json"]).expect(0).json();
    let run = &listed["runs"][0];
    assert_eq!(
        (&run["ending"], &run["built"], &run["tags"]),
        (&"killed".into(), &2.into(), &1.into()),
        "{run}"
    );
    let told = project.run(&["report"]).expect(0).stdout;
    for line in [
        "local/test/misbehave:1.0.0  sha256:",
        "not built: misbehave 1.1.0-spin linux/amd64, misbehave 1.1.0-spin linux/arm64\n",
        "\nto go on, run: bakehouse run --concurrency 1\n",
        "\nkilled: built 2, reused 0, tags set 1",
    ] {
        assert!(told.contains(line), "{line} in\n{told}");
    }
    let page = project.run(&["report", "--html"]).expect(0).stdout;
    assert!(page.contains(">killed</span>"), "{page}");

    let of_failed = || {
        let logs = project.run(&["logs", "--failed"]).expect(0);
        assert!(logs.stdout.contains("1.1.0-spin"), "{}", logs.stdout);
        assert!(!logs.stdout.contains("1.0.0 linux"), "{}", logs.stdout);
        logs
    };
    of_failed();
    let path = format!(
        ".bakehouse/runs/{}/report.json",
        run["run"].as_str().unwrap()
    );
    let whole = std::fs::read(project.path(&path)).unwrap();
    project.write(&path, &whole[..whole.len() / 2]);
    of_failed().says("report.json");
    let one = ["logs", "misbehave", "1.0.0", "linux/amd64"];
    let one = project.run(&one).expect(0).stdout;
    assert!(one.starts_with("misbehave 1.0.0 linux/amd64\n"), "{one}");
    let runs = project.run(&["runs"]).expect(0).says("report.json");
    assert!(runs.stdout.contains("damaged"), "{}", runs.stdout);
}

#[test]
fn json_is_one_report_wherever_it_is() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.1.0-arm64fails"]);
    let json_too = ["run", "--format", "json", "--summary", "summary.json"];
    let output = project.run(&json_too).expect(8);
    let printed = output.json();
    assert_eq!(printed, json(&project.path("summary.json")));
    assert_eq!(printed, report(&project));
    assert_eq!(printed["ending"], "failed");
    // A failure has its log and says what to do, also on stderr.
    let failure = &printed["failures"][0];
    let log = failure["log"].as_str().unwrap();
    let text = std::fs::read_to_string(project.path(log)).unwrap();
    assert!(
        text.contains("FAILED: misbehave 1.1.0-arm64fails"),
        "{text}"
    );
    let alone = "bakehouse build misbehave --version 1.1.0-arm64fails --platform linux/arm64";
    assert!(failure["hint"].as_str().unwrap().ends_with(alone));
    output.says(&format!("log: {log}\n")).says(alone);

    // An error before there is a plan, and one after it.
    let early = project
        .run(&["run", "nosuch", "--summary", "summary.json"])
        .expect(4);
    assert_eq!(early.stdout, "");
    let said = json(&project.path("summary.json"));
    assert_eq!(
        (&said["ending"], &said["exitCode"]),
        (&"failed".into(), &4.into())
    );
    let destination = &said["destination"];
    assert_eq!(
        (&destination["registry"], &destination["namespace"]),
        (&"local".into(), &"test".into())
    );
    assert!(
        said["failures"][0]["message"]
            .as_str()
            .unwrap()
            .contains("nosuch")
    );
    let mut lonely = project.command(&["run", "--rebuild", "--summary", "summary.json"]);
    lonely.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    finish(&mut lonely).expect(7);
    let said = json(&project.path("summary.json"));
    assert_eq!(said, report(&project));
    assert_eq!(said["unbuilt"].as_array().unwrap().len(), 4);
    let plan = [
        "plan",
        "--summary",
        "plan.json",
        "--registry",
        "127.0.0.1:1",
    ];
    project.run(&plan).expect(9);
    let said = json(&project.path("plan.json"));
    assert_eq!(said["failures"][0]["code"], 9);
}

#[test]
fn a_summary_that_cannot_be_written_is_told_before_any_work() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    for path in [
        "nowhere/summary.json",
        "apps",
        "apps/misbehave/app.toml/x.md",
        "/dev/full/x",
    ] {
        for command in [
            &["run"][..],
            &["plan"],
            &["build", "misbehave", "--version", "1.0.0"],
            &["merge", "misbehave", "--version", "1.0.0"],
        ] {
            let output = project.run(&[command, &["--summary", path]].concat());
            output.expect(13).says(path);
        }
    }
    // The others say why.
    let two = ["run", "--summary", "good.json", "--summary", "nowhere/x.md"];
    let output = project.run(&two).expect(13);
    assert_eq!(
        output.stderr.matches("nowhere/x.md").count(),
        1,
        "{}",
        output.stderr
    );
    let said = json(&project.path("good.json"));
    assert_eq!(
        (&said["ending"], &said["exitCode"]),
        (&"failed".into(), &13.into())
    );
    assert!(!project.path("digests").exists(), "something was built");
    assert!(!project.path(".bakehouse/runs").exists());
    // A device takes nothing, which only shows when it is written.
    let full = project.run(&["run", "--summary", "/dev/full"]).expect(13);
    full.says("/dev/full");
    assert_eq!(report(&project)["exitCode"], 13);
}

/// Runs a command on a terminal of its own (`script` of util-linux). When `line`
/// has been shown, the terminal becomes 40 columns wide, and a second later it sends
/// Ctrl-C.
fn on_terminal(project: &Project, term: &str, line: Option<&str>) -> (String, Option<i32>) {
    let inner = project.command(&["run", "--concurrency", "1"]);
    let words: Vec<_> = std::iter::once(inner.get_program())
        .chain(inner.get_args())
        .map(|word| word.to_str().unwrap())
        .collect();
    let mut command = Command::new("script");
    command
        .args(["--quiet", "--return", "--flush", "--command"])
        .arg(format!(
            "tty > tty; stty cols 80 rows 30; exec {}",
            words.join(" ")
        ))
        .arg("/dev/null")
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("TERM", term)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    for (name, _) in inner.get_envs().filter(|(_, value)| value.is_none()) {
        command.env_remove(name);
    }
    for name in ["CI", "GITHUB_ACTIONS"] {
        command.env_remove(name);
    }
    if let Some(folder) = inner.get_current_dir() {
        command.current_dir(folder);
    }
    let mut child = command.spawn().expect("script of util-linux is missing");
    let mut input = child.stdin.take();
    let mut shown = Vec::new();
    let mut output = child.stdout.take().unwrap();
    let begun = Instant::now();
    let mut piece = [0; 4096];
    loop {
        match output.read(&mut piece).unwrap() {
            0 => break,
            n => shown.extend_from_slice(&piece[..n]),
        }
        let text = String::from_utf8_lossy(&shown).into_owned();
        if line.is_some_and(|line| text.contains(line))
            && let Some(mut terminal) = input.take()
        {
            let tty = std::fs::read_to_string(project.path("tty")).unwrap();
            let narrow = ["-F", tty.trim(), "cols", "40"];
            assert!(
                Command::new("stty")
                    .args(narrow)
                    .status()
                    .unwrap()
                    .success()
            );
            shown.extend_from_slice(NARROW);
            std::thread::sleep(Duration::from_secs(1));
            terminal.write_all(&[3]).unwrap();
            input = None;
            std::mem::forget(terminal);
        }
        assert!(begun.elapsed() < Duration::from_secs(300), "{text}");
    }
    let code = child.wait().unwrap().code();
    (String::from_utf8_lossy(&shown).into_owned(), code)
}

#[test]
fn a_terminal_that_cannot_draw_gets_plain_lines() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    let (shown, code) = on_terminal(&project, "dumb", None);
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    let started = shown.find("misbehave 1.0.0 linux/amd64: started").unwrap();
    let pushed = shown.find("misbehave 1.0.0 linux/amd64: pushed").unwrap();
    assert!(started < pushed, "{shown}");
}

#[test]
fn ctrl_c_leaves_no_bar_behind() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0-spin"]);
    let line = "1.0.0-spin linux/amd64";
    let (shown, code) = on_terminal(&project, "xterm", Some(line));
    assert_eq!(code, Some(130), "{shown}");
    // The last that is drawn before the ending takes everything away.
    let (drawn, told) = shown
        .split_once("\u{1b}[1;31merror\u{1b}[0m: stopped by")
        .unwrap();
    let last = drawn.rsplit("\u{1b}[?2026h").next().unwrap();
    let cleared = last.starts_with("\r\u{1b}[") && last.contains("A\u{1b}[J");
    assert!(cleared && !last.contains(line), "{last:?}");
    // The result comes last.
    let told: Vec<String> = told.lines().map(without_escapes).collect();
    let told = told.join("\n");
    let (_, rest) = told.rsplit_once("\nstopped: built 0, reused 0").unwrap();
    // Of no other line than its own, which is broken where the terminal ends.
    assert!(!rest.contains(": "), "{told}");
    // A frame that is drawn for the narrow terminal fits into it.
    let marker = std::str::from_utf8(NARROW).unwrap();
    let (_, narrow) = drawn.split_once(marker).unwrap();
    let frames: Vec<&str> = narrow.split("\u{1b}[?2026h").skip(2).collect();
    assert!(!frames.is_empty(), "{narrow:?}");
    for row in frames.iter().flat_map(|frame| frame.split("\u{1b}[K")) {
        let row = without_escapes(row);
        assert!(row.chars().count() < 40, "{row:?}");
    }
}

/// Stands in what a terminal showed where it became narrower.
const NARROW: &[u8] = b"<narrow>";

/// A row as it is seen, without line ends.
fn without_escapes(row: &str) -> String {
    let mut out = String::new();
    let mut chars = row.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => {
                let _ = chars.find(|c| c.is_ascii_alphabetic());
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
