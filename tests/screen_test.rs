//! Results on a terminal: as wide as it is, in colours that say nothing alone.

use std::process::{Command, Stdio};

use unicode_width::UnicodeWidthStr as _;

use crate::support::{Builder, Project, tool};

/// Shows a command on a terminal of so many columns (util-linux's `script`), with
/// these variables.
fn shown(project: &Project, line: &str, columns: usize, variables: &[(&str, &str)]) -> String {
    let program = env!("CARGO_BIN_EXE_bakehouse");
    let line = format!("stty cols {columns} rows 40; exec {program} {line} 2>/dev/null");
    let mut script = Command::new(tool("script"));
    script
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(project.path("."))
        .env_clear()
        .envs(project.environment())
        .env("TERM", "xterm-256color")
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    let output = script.output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .replace("\r\n", "\n")
}

/// The text without its colours.
fn bare(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, code)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = code.split_once('m').unwrap().1;
    }
    out + rest
}

/// A project with two published versions of which one has failed.
fn project() -> Project {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.1.0-arm64fails"]);
    project.run(&["run"]).expect(8);
    project
}

#[test]
fn every_table_fits_a_terminal_and_is_whole_elsewhere() {
    let project = project();
    for line in [
        "plan",
        "status",
        "runs",
        "report",
        "inspect misbehave:1.0.0",
        "recipe check misbehave --offline",
        "doctor",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let piped = project.run(&arguments).stdout;
        assert!(!piped.contains('\u{1b}'), "{line}: {piped}");
        for columns in [60, 80, 200] {
            let text = bare(&shown(&project, line, columns, &[]));
            assert!(!text.is_empty(), "{line}");
            for row in text.lines() {
                // What a shell is given, and a name that has no break in it, stay whole.
                let whole = ["to go on, run: ", "  digest ", "  recipe ", "sha256:"];
                if whole.iter().any(|begin| row.starts_with(begin)) {
                    continue;
                }
                assert!(
                    row.width() <= columns,
                    "{line} at {columns}: {row:?}\n{text}"
                );
            }
        }
        if line == "report" {
            assert_eq!(bare(&shown(&project, line, 200, &[])), piped);
        }
    }
}

#[test]
fn colours_say_what_words_say_and_can_be_had_or_not() {
    let project = project();
    let coloured = |line: &str, variables: &[(&str, &str)]| {
        shown(&project, line, 100, variables).contains("\u{1b}[")
    };
    assert!(coloured("status", &[]));
    let status = shown(&project, "status", 100, &[]);
    assert!(
        status.contains("\u{1b}[32mcurrent\u{1b}[0m")
            || status.contains("\u{1b}[1;31mfailing\u{1b}[0m"),
        "{status}"
    );
    for variables in [
        &[("NO_COLOR", "1")][..],
        &[("TERM", "dumb")],
        &[("CLICOLOR", "0")],
    ] {
        assert!(!coloured("status", variables), "{variables:?}");
        assert!(!coloured("--help", variables) || variables[0].0 == "CLICOLOR");
    }
    assert!(!coloured("status --color never", &[]));
    assert!(!coloured("run --help --color never", &[]));
    assert!(coloured("status --color always", &[("NO_COLOR", "1")]));
    // Where there is no terminal.
    let piped = project
        .run(&["status", "--color", "always"])
        .expect(15)
        .stdout;
    assert!(piped.contains("\u{1b}["), "{piped}");
    let mut forced = project.command(&["status"]);
    let forced = crate::support::finish(forced.env("CLICOLOR_FORCE", "1"));
    assert!(forced.stdout.contains("\u{1b}["), "{}", forced.stdout);
    assert_eq!(bare(&forced.stdout), project.run(&["status"]).stdout);
}
