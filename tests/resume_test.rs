//! Runs that are killed at any point: the next one ends in the same state.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use crate::support::{Builder, DebianRegistry, Output, Project, crane};

const VERSIONS: [&str; 3] = ["1.0.0", "1.1.0", "2.0.0"];

fn digests(project: &Project) -> Vec<String> {
    VERSIONS
        .iter()
        .chain(&["latest"])
        .map(|tag| project.digest(&format!("misbehave:{tag}")))
        .collect()
}

/// A folder for temporary files, which logins must not stay in.
fn temporary(project: &Project) -> PathBuf {
    let folder = project.path("tmp");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Kills a run right after it says `line` for the `nth` time.
fn killed_at(project: &Project, more: &[&str], line: &str, nth: usize) {
    let mut child = project
        .command(&[&["run", "-v"], more].concat())
        .env("TMPDIR", temporary(project))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let seen = lines
        .map_while(Result::ok)
        .filter(|said| said.contains(line))
        .nth(nth - 1);
    assert!(seen.is_some(), "the run never said `{line}` {nth} times");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn kill_and_resume() {
    let whole = Project::new(Builder::Docker);
    whole.misbehave(&VERSIONS);
    whole.run(&["run"]).expect(0);
    let expected = digests(&whole);

    for (line, nth) in [
        ("==> discover", 1),
        (": started", 1),
        (": started", 4),
        ("COPY hello", 2),
        (": pushed", 1),
        (": pushed", 3),
        (": pushed", 6),
        ("tagged", 1),
        ("tagged", 3),
        ("tagged", 4),
    ] {
        let project = Project::new(Builder::Docker);
        project.misbehave(&VERSIONS);
        killed_at(&project, &[], line, nth);
        let output = project.run(&["run", "--format", "json"]).expect(0);
        assert_eq!(digests(&project), expected, "killed at {nth} x {line}");
        if line == ": pushed" {
            let targets = output.json()["targets"].as_array().unwrap().clone();
            let again = targets
                .iter()
                .filter(|target| target["reused"] == false)
                .count();
            // What was pushed before is published by now, or reused.
            assert!(
                again <= 2 * VERSIONS.len() - nth,
                "killed after {nth} pushes, {again} targets were built again"
            );
        }
        let left = std::fs::read_dir(project.path(".bakehouse/work"))
            .unwrap()
            .count();
        assert_eq!(left, 0, "work trees are left behind");
        let left = std::fs::read_dir(temporary(&project)).unwrap();
        let names = left.map(|entry| entry.unwrap().file_name());
        let ours: Vec<_> = names
            .filter(|name| name.to_string_lossy().starts_with("bakehouse"))
            .collect();
        assert!(ours.is_empty(), "{ours:?}");
    }
}

/// How many targets a report says were reused, and how many were built.
fn counted(output: &Output) -> (usize, usize) {
    let report = output.json();
    let targets = report["targets"].as_array().unwrap();
    let reused = targets.iter().filter(|t| t["reused"] == true).count();
    (reused, targets.len() - reused)
}

#[test]
fn a_killed_rebuild_goes_on_and_an_ended_one_begins_anew() {
    let rebuild = ["run", "--rebuild", "--format", "json"];
    // With other images than before, and with the same.
    for hello in ["hello", "another"] {
        let project = Project::new(Builder::Docker);
        project.misbehave(&VERSIONS);
        project.run(&["run"]).expect(0);
        let before = digests(&project);
        project.options(&[("hello", hello)]);
        killed_at(&project, &["--rebuild"], ": pushed", 2);
        if hello == "another" {
            // Between a revision's tag and the version's.
            killed_at(&project, &["--rebuild"], "tagged", 1);
        }
        let output = project.run(&rebuild).expect(0).says("going on with");
        let (reused, built) = counted(&output);
        assert_eq!(reused + built, 6);
        assert!(reused >= 2, "{hello}: {reused} reused, {built} built");
        let after = digests(&project);
        assert_eq!(after == before, hello == "hello");
        for (version, before) in VERSIONS.iter().zip(&before) {
            let kept = project.run(&["inspect", &format!("misbehave:{version}-r1")]);
            if hello == "hello" {
                kept.expect(4);
            } else {
                assert!(kept.expect(0).stdout.contains(before));
            }
        }
        assert!(!project.path(".bakehouse/rebuild/local+test.json").exists());

        let output = project.run(&rebuild).expect(0);
        assert_eq!(counted(&output), (0, 6));
        assert_eq!(digests(&project), after);
    }
}

/// The same targets, built for two namespaces of one registry in turns.
#[test]
fn two_destinations_keep_their_digest_files_apart() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let project = Project::new(Builder::BuildKit);
    project.misbehave(&["1.0.0"]);
    let at = |namespace| ["--registry", host.as_str(), "--namespace", namespace];
    let build = ["build", "misbehave", "--version", "1.0.0"];
    let merge = ["merge", "misbehave", "--version", "1.0.0"];
    for namespace in ["one", "one/two"] {
        let built = project.run(&[&build[..], &at(namespace)].concat());
        let stdout = built.expect(0).stdout;
        assert!(stdout.contains("built 2, reused 0"), "{stdout}");
    }
    // Earlier programs kept one file for all destinations.
    let folder = |namespace: &str| {
        let name = format!("{}+{namespace}", host.replace(':', "@"));
        project.path(&format!("digests/{name}"))
    };
    let app = folder("one").join("misbehave");
    std::fs::rename(app, project.path("digests/misbehave")).unwrap();
    assert!(folder("one+two").join("misbehave").is_dir());

    for namespace in ["one", "one/two"] {
        let again = project.run(&[&build[..], &at(namespace)].concat());
        let stdout = again.expect(0).stdout;
        assert!(stdout.contains("built 0, reused 2"), "{stdout}");
        project
            .run(&[&merge[..], &at(namespace)].concat())
            .expect(0);
        crane(&[
            "validate",
            "--remote",
            &format!("{host}/{namespace}/misbehave:1.0.0"),
        ]);
    }
    project
        .run(&[&merge[..], &at("three")].concat())
        .expect(4)
        .says(&format!("only to {host}/one/misbehave"))
        .says("hint: merge with the --registry and --namespace it was built with");
}

#[test]
fn sigterm_ends_children_and_exits_130() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0-spin"]);
    let mut child = project
        .command(&["run", "--platform", "linux/amd64", "--partial"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    lines
        .map_while(Result::ok)
        .find(|line| line.contains(": started"))
        .unwrap();
    let status = std::process::Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
