//! Completion of command lines, as a real bash asks for it.

use std::path::Path;
use std::process::Command;

use crate::support::{Builder, Project};

/// Asks as bash does at a press of Tab behind these words, of which the last is not
/// whole yet.
const ASK: &str = r#"
set -e
source <(bakehouse completions bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
[[ $(complete -p bakehouse) =~ -F\ ([^ ]+) ]]
"${BASH_REMATCH[1]}" bakehouse "${!#}" "${@: -2:1}"
[ "${#COMPREPLY[@]}" = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
"#;

/// The words that bash offers in a folder, in order.
fn offered(project: &Project, folder: &str, words: &[&str]) -> Vec<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_bakehouse")).parent().unwrap();
    let mut environment = project.environment();
    let path = format!("{}:{}", program.display(), environment["PATH"]);
    environment.insert("PATH".to_owned(), path);
    let output = Command::new("bash")
        .args(["--norc", "-c", ASK, "bash", "bakehouse"])
        .args(words)
        .current_dir(project.path(folder))
        .env_clear()
        .envs(environment)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.is_empty(), "{said}");
    let offered = String::from_utf8(output.stdout).unwrap();
    offered.lines().map(str::to_owned).collect()
}

fn project() -> Project {
    let project = Project::new(Builder::Docker);
    project.platforms(&["linux/arm64", "linux/riscv64"]);
    for app in ["outline", "esbuild", "mattermost", "mostlymatter"] {
        project.write(
            &format!("apps/{app}/app.toml"),
            "recipe = \"bakehouse:binaries\"\n",
        );
    }
    project
}

#[test]
fn names_of_the_project_are_offered() {
    let project = project();
    let runs = ["20261101T101500.000Z", "20261102T101500.000Z"];
    for run in runs {
        project.write(&format!(".bakehouse/runs/{run}/timeline.jsonl"), "");
    }
    let all = ["esbuild", "mattermost", "mostlymatter", "outline"];
    for (words, expected) in [
        (&["plan", "m"][..], &["mattermost", "mostlymatter"][..]),
        (&["run", "outline", "--rebuild", "es"], &["esbuild"]),
        (&["--quiet", "build", "o"], &["outline"]),
        (&["merge", "mo"], &["mostlymatter"]),
        (&["status", "x"], &[]),
        (&["recipe", "show", "m"], &["mattermost", "mostlymatter"]),
        (&["inspect", "ma"], &["mattermost"]),
        (&["logs", "e"], &["esbuild"]),
        (
            &["plan", "--platform", ""],
            &["linux/arm64", "linux/riscv64"],
        ),
        // One word, as zsh and fish have it; bash at a terminal breaks it at the `=`.
        (
            &["build", "outline", "--platform=linux/r"],
            &["--platform=linux/riscv64"],
        ),
        (
            &["new", "x", "--platforms", "linux/arm64,"],
            &["linux/arm64,linux/arm64", "linux/arm64,linux/riscv64"],
        ),
        (&["logs", "--run", ""], &[runs[1], runs[0]]),
        (&["report", "202611"], &[runs[1], runs[0]]),
        (&["plan", "--progress", "j"], &["json"]),
        (&["comp"], &["completions"]),
        (&["recipe", "s"], &["show"]),
        (&["plan", "--miss"], &["--missing"]),
        // Of no use to it, as help says.
        (&["status", "--build"], &[]),
    ] {
        assert_eq!(
            offered(&project, "apps/outline", words),
            expected,
            "{words:?}"
        );
    }
    // All apps come before the options.
    assert_eq!(offered(&project, ".", &["plan", ""])[..4], all);
}

#[test]
fn names_are_of_the_project_that_is_named() {
    let project = project();
    project.write("other/bakehouse.toml", "platforms = [\"linux/s390x\"]\n");
    project.write("other/apps/caddy/app.toml", "");
    project.write("broken/bakehouse.toml", "platforms = [");
    for (folder, words, expected) in [
        (".", &["--root", "other", "plan", "c"][..], &["caddy"][..]),
        (".", &["plan", "--root=other", "c"], &["caddy"]),
        (".", &["plan", "--root", "=", "other", "c"], &["caddy"]),
        (".", &["plan", "c"], &[]),
        ("other", &["plan", "--platform", ""], &["linux/s390x"]),
        // A project that cannot be read has no names, and no words in between.
        ("broken", &["plan", "e"], &[]),
        (
            "broken",
            &["plan", "--platform", ""],
            &["linux/amd64", "linux/arm64"],
        ),
    ] {
        assert_eq!(
            offered(&project, folder, words),
            expected,
            "{folder} {words:?}"
        );
    }
}
