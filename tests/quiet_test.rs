//! `-q`: no command says anything when all is well, but for what it was asked for.

use std::process::Command;

use serde_json::json;

use crate::support::{Builder, Package, Project, busybox, finish};

/// The output of a command that is asked to be quiet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Says {
    /// Nothing at all.
    Nothing,
    /// A result on stdout.
    Data,
}

use Says::{Data, Nothing};

fn git(project: &Project, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=A", "-c", "user.email=a@b.example"]);
    let git = git.args(arguments).current_dir(project.path("."));
    assert!(git.status().unwrap().success(), "git {arguments:?}");
}

/// A project with a tool of this machine's platform, in one commit.
fn project() -> Project {
    let project = Project::new(Builder::Docker);
    project.platforms(&["linux/amd64"]);
    let package = Package::new(&["1.0.0"])
        .file("bin/busybox", &busybox("amd64"))
        .facts(json!({
            "os": ["linux"], "cpu": ["x64"], "license": "GPL-2.0-only", "description": "A tool",
        }));
    project.npm.publish("@acme/tool", package);
    project.write(".gitignore", ".bakehouse/\ndigests/\nman/\n");
    project
}

/// Runs a command quietly and holds it to what it may say.
fn hold(project: &Project, line: &str, says: Says) {
    let arguments: Vec<&str> = line.split(' ').collect();
    let (before, after) = match arguments.iter().position(|argument| *argument == "--") {
        Some(at) => arguments.split_at(at),
        None => (&arguments[..], &[][..]),
    };
    let quiet = [before, &["-q"], after].concat();
    let output = finish(&mut project.command(&quiet)).expect(0);
    assert_eq!(output.stderr, "", "{line}");
    assert_eq!(
        output.stdout.is_empty(),
        says == Nothing,
        "{line}: {}",
        output.stdout
    );
}

#[test]
fn no_command_speaks_when_all_is_well() {
    let project = project();
    let new = "new busybox --from npm:@acme/tool --platforms linux/amd64 --yes";
    for (line, says) in [
        ("init --yes", Nothing),
        (new, Nothing),
        ("recipe check busybox", Nothing),
        ("recipe show busybox", Data),
        ("plan --exit-code --missing", Data),
    ] {
        if line.starts_with("plan") {
            // There is work: that is a result.
            let arguments: Vec<&str> = line.split(' ').chain(["-q"]).collect();
            let output = project.run(&arguments).expect(17);
            assert!(output.stdout.contains("busybox") && output.stderr.is_empty());
            continue;
        }
        hold(&project, line, says);
    }
    git(&project, &["init", "--quiet", "--initial-branch=main"]);
    git(&project, &["add", "--all"]);
    git(&project, &["commit", "--quiet", "--message", "x"]);
    let apps = std::fs::read_to_string(project.path("apps/busybox/app.toml")).unwrap();
    project.write("apps/busybox/app.toml", apps + "\n# changed\n");
    for (line, says) in [
        ("run --dry-run", Data),
        ("build busybox --version 1.0.0", Nothing),
        ("merge busybox --version 1.0.0", Nothing),
        ("run", Nothing),
        ("run", Nothing),
        ("run --format json", Data),
        ("plan", Nothing),
        ("plan --missing", Nothing),
        ("plan --format json", Data),
        ("status", Nothing),
        ("status --format json", Data),
        ("status --format markdown", Data),
        ("review --base main --no-build", Nothing),
        ("review --base main", Nothing),
        ("runs", Data),
        ("logs", Data),
        ("report", Data),
        ("report --format json", Data),
        ("inspect busybox", Data),
        ("smoke busybox -- true", Data),
        ("doctor", Nothing),
        ("workflows --product acme/bakehouse@v1.0.0", Nothing),
        ("workflows --product acme/bakehouse@v1.0.0 --check", Nothing),
        ("completions bash", Data),
        ("man", Data),
        ("man --folder man", Nothing),
    ] {
        hold(&project, line, says);
    }
}

#[test]
fn what_is_not_well_is_told_all_the_same() {
    let project = project();
    for (line, code, told) in [
        ("plan", 12, "there is no app in apps/"),
        ("plan nosuch", 4, "nosuch"),
        ("inspect nosuch:1", 4, "nosuch"),
        ("runs", 4, "no run is kept here"),
        ("recipe check nosuch", 4, "nosuch"),
        ("new A --from npm:a", 3, "`A`"),
        ("smoke nosuch", 4, "does not exist"),
    ] {
        let arguments: Vec<&str> = line.split(' ').chain(["-q"]).collect();
        let output = project.run(&arguments);
        assert_eq!(output.code, Some(code), "{line}: {output:?}");
        assert!(output.stderr.contains(told), "{line}: {output:?}");
        assert!(output.stderr.starts_with("error: "), "{line}: {output:?}");
    }
}
