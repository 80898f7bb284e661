//! `bakehouse new` with somebody at a terminal.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use bakehouse_loopback::elf;
use serde_json::json;

use crate::support::{Builder, Output, Package, Project, tool};

/// A package with two programs that says neither what it is nor its licence.
fn silent(project: &Project) {
    let part = Package::new(&["1.0.0"])
        .file("one", &elf("amd64", "one", Some(0)))
        .file("two", &elf("amd64", "two", Some(0)))
        .facts(json!({ "os": ["linux"], "cpu": ["x64"] }));
    project.npm.publish("@acme/tool-linux-x64", part);
    let parts = json!({ "@acme/tool-linux-x64": "1.0.0" });
    let package = Package::new(&["1.0.0"]).facts(json!({
        "license": "SEE LICENSE IN LICENSE.md", "optionalDependencies": parts,
    }));
    project.npm.publish("@acme/tool", package);
}

/// Runs the program in a terminal of its own (util-linux's `script`), and types.
fn typed(project: &Project, arguments: &str, lines: &str) -> Output {
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_bakehouse"));
    let mut script = Command::new(tool("script"))
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(project.path("."))
        .env_clear()
        .envs(project.environment())
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = script.stdin.take().unwrap();
    keys.write_all(lines.as_bytes()).unwrap();
    drop(keys);
    let ended = script.wait_with_output().unwrap();
    Output {
        code: ended.status.code(),
        stdout: String::from_utf8_lossy(&ended.stdout).into_owned(),
        stderr: String::new(),
    }
}

const NEW: &str = "new tool --from npm:@acme/tool --platforms linux/amd64";

#[test]
fn who_sits_at_a_terminal_is_asked_for_what_nothing_tells() {
    let project = Project::new(Builder::Docker);
    silent(&project);
    let asked = typed(&project, NEW, "2\nISC\nDoes it\n").expect(0);
    for question in [
        "is the program? (1: package/one, 2: package/two)",
        "upstream's licence, as an SPDX expression (MIT, Apache-2.0, ...)?",
        "one line that says what it is?",
    ] {
        assert_eq!(
            asked.stdout.matches(question).count(),
            1,
            "{}",
            asked.stdout
        );
    }
    let text = fs::read_to_string(project.path("apps/tool/app.toml")).unwrap();
    for line in [
        "license = \"ISC\"\n",
        "summary = \"Does it\"\n",
        "member = \"package/two\"\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn no_answer_is_no_app() {
    let project = Project::new(Builder::Docker);
    silent(&project);
    // What is none of the programs is asked for no second time.
    for (arguments, lines, why) in [
        ("", "3\n", "holds several programs for linux/amd64"),
        (
            " --member package/one",
            "\n",
            "nothing says the licence of npm:@acme/tool",
        ),
        (" --yes", "", "holds several programs for linux/amd64"),
    ] {
        let failed = typed(&project, &format!("{NEW}{arguments}"), lines).expect(12);
        assert!(failed.stdout.contains(why), "{}", failed.stdout);
        assert!(!project.path("apps/tool").exists());
    }
}
