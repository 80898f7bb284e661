//! `plan` and `run` where nothing goes wrong.

use std::process::Stdio;

use crate::support::{Builder, DebianRegistry, Package, Project, crane, finish};

#[test]
fn second_run_builds_nothing() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.1.0", "2.0.0"]);
    let first = project
        .run(&["run", "--max-versions", "2", "--format", "json"])
        .expect(0);
    let report = first.json();
    assert_eq!(report["targets"].as_array().unwrap().len(), 4);
    assert_eq!(report["images"].as_array().unwrap().len(), 2);

    // No builder is even looked for.
    let mut second = project.command(&["run", "--max-versions", "2"]);
    second.env("PATH", "/nowhere").env_remove("DOCKER_HOST");
    let second = finish(&mut second).expect(0);
    let nothing = "everything is published, nothing to build\ndestination: local/test ";
    assert!(second.stdout.starts_with(nothing), "{}", second.stdout);

    // An older version does not pull `latest` back.
    let digest = project.digest("misbehave:2.0.0");
    project.run(&["run"]).expect(0);
    assert_eq!(project.digest("misbehave:latest"), digest);
    assert_ne!(project.digest("misbehave:1.0.0"), digest);
}

#[test]
fn plan_is_data_and_dry_run_pushes_nothing() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "2.0.0-rc.behave"]);
    let plan = project.run(&["plan", "--format", "json"]).expect(0);
    insta::assert_snapshot!("plan_json", plan.stdout);
    let dry = project.run(&["run", "--dry-run"]).expect(0);
    insta::assert_snapshot!("dry_run", dry.stdout);
    let again = project.run(&["plan", "--format", "json"]).expect(0);
    assert_eq!(plan.stdout, again.stdout);
    assert!(!project.path("digests").exists());
}

#[test]
fn a_prerelease_is_never_latest() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "2.0.0-rc.behave"]);
    project.run(&["run"]).expect(0);
    assert_eq!(
        project.digest("misbehave:latest"),
        project.digest("misbehave:1.0.0")
    );
}

#[test]
fn a_missing_platform_is_added_to_what_is_there() {
    let project = Project::new(Builder::BuildKit);
    let registry = DebianRegistry::start();
    let host = registry.host();
    project.misbehave(&["1.0.0"]);
    project
        .run(&["run", "--registry", &host, "--platform", "linux/amd64"])
        .expect(2)
        .says("misbehave 1.0.0 would have linux/amd64, and not linux/arm64")
        .says("--partial");
    assert!(!project.path("digests").exists(), "nothing was built");
    let partial = ["--platform", "linux/amd64", "--partial"];
    let output = project
        .run(&[&["run", "--registry", &host], &partial[..]].concat())
        .expect(0);
    assert!(output.stdout.contains("tags set 1"), "{}", output.stdout);
    let reference = format!("{host}/test/misbehave:1.0.0");
    let latest = ["inspect", &format!("{host}/test/misbehave:latest")];
    project.run(&latest).expect(4);
    // What is published in part is no more complete a day later.
    project
        .run(&[&["run", "--registry", &host], &partial[..]].concat())
        .expect(0);
    project.run(&latest).expect(4);
    let amd64 = crane(&["digest", &reference, "--platform", "linux/amd64"]);

    let output = project
        .run(&["run", "--registry", &host, "--format", "json"])
        .expect(0);
    let targets = output.json()["targets"].clone();
    assert_eq!(targets.as_array().unwrap().len(), 1, "{targets}");
    assert_eq!(targets[0]["target"], "misbehave 1.0.0 linux/arm64");
    assert_eq!(
        crane(&["digest", &reference, "--platform", "linux/amd64"]),
        amd64
    );
    crane(&["digest", &reference, "--platform", "linux/arm64"]);
    assert_eq!(
        crane(&["digest", &reference]),
        crane(&["digest", &format!("{host}/test/misbehave:latest")])
    );
}

#[test]
fn several_apps_and_quiet() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project.npm.publish("esbuild", Package::new(&["1.0.0"]));
    for name in ["@esbuild/linux-x64", "@esbuild/linux-arm64"] {
        let package = Package::new(&["1.0.0"])
            .file("bin/esbuild", name.as_bytes())
            .file("README.md", b"");
        project.npm.publish(name, package);
    }
    project.real("esbuild");
    let output = project.run(&["run", "-q"]).expect(0);
    // Who asks for silence hears nothing when all is well.
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    let again = project.run(&["run", "-q", "--format", "json"]).expect(0);
    assert_eq!(again.json()["images"].as_array().unwrap().len(), 0);
    project.run(&["inspect", "misbehave:latest"]).expect(0);
    project.run(&["inspect", "esbuild:latest"]).expect(0);
}

#[test]
fn mistyped_names_are_told_before_there_is_work() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    let version = ["--version", "1.0.0"];
    let build = |more: &[&'static str]| [&["build", "misbehave"], &version[..], more].concat();
    for (command, hint) in [
        (
            vec!["run", "misbehave", "misbehav"],
            "did you mean misbehave?",
        ),
        (vec!["plan", "nosuch"], "known apps: misbehave"),
        (build(&["--image", "misbehaved"]), "did you mean misbehave?"),
        (
            vec![
                "run",
                "--platform",
                "linux/amd64",
                "--platform",
                "linux/riscv64",
            ],
            "its recipe has linux/amd64, linux/arm64",
        ),
        (
            vec!["merge", "misbehave", "--version", "v1.0.1"],
            "the newest are 1.0.0",
        ),
        (
            vec!["build", "misbehave", "--version", "v1.0.0"],
            "did you mean 1.0.0?",
        ),
    ] {
        let output = project.run(&command).expect(4).says(hint);
        assert!(
            !output.stderr.contains("==> check"),
            "{command:?}\n{}",
            output.stderr
        );
    }
    // No image is for such a platform, whatever a recipe has.
    let no_platform = build(&["--platform", "linux/amd46"]);
    let output = project.run(&no_platform).expect(2);
    output.says("(did you mean `linux/amd64`?)");
    assert!(!project.path("digests").exists(), "something was built");
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    let mut child = project
        .command(&["plan"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

#[test]
fn layers_are_kept_where_asked() {
    for builder in [Builder::Docker, Builder::BuildKit] {
        let project = Project::new(builder);
        project.misbehave(&["1.0.0"]);
        let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
        project.write("bakehouse.toml", format!("{settings}cache = \"local\"\n"));
        project
            .run(&["run", "--platform", "linux/amd64", "--partial"])
            .expect(0);
        let layers = project.path(".bakehouse/layers");
        assert!(layers.is_dir(), "{builder:?}");
        // A second build of the same target finds them.
        std::fs::remove_dir_all(project.path(".bakehouse/registry")).unwrap();
        std::fs::remove_dir_all(project.path("digests")).unwrap();
        let output = project
            .run(&[
                "run",
                "--platform",
                "linux/amd64",
                "--partial",
                "--format",
                "json",
            ])
            .expect(0);
        let target = &output.json()["targets"][0];
        assert_eq!(target["steps"], target["cached"], "{builder:?}: {target}");
    }
}

#[test]
fn attestations_stay_with_their_images() {
    for builder in [Builder::Docker, Builder::BuildKit] {
        let project = Project::new(builder);
        let registry = DebianRegistry::start();
        let host = registry.host();
        project.misbehave(&["1.0.0"]);
        let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
        project.write("bakehouse.toml", format!("{settings}provenance = true\n"));
        project.run(&["run", "--registry", &host]).expect(0);

        let reference = format!("{host}/test/misbehave:1.0.0");
        let index = crane(&["manifest", &reference]);
        let index: serde_json::Value = serde_json::from_str(&index).unwrap();
        let entries = index["manifests"].as_array().unwrap();
        let architectures: Vec<_> = entries
            .iter()
            .map(|entry| entry["platform"]["architecture"].as_str().unwrap())
            .collect();
        assert_eq!(
            architectures,
            ["amd64", "arm64", "unknown", "unknown"],
            "{builder:?}"
        );
        for (image, attestation) in entries[..2].iter().zip(&entries[2..]) {
            let annotations = &attestation["annotations"];
            assert_eq!(
                annotations["vnd.docker.reference.type"],
                "attestation-manifest"
            );
            assert_eq!(annotations["vnd.docker.reference.digest"], image["digest"]);
        }
        // crane takes every layer for an archive, so images only.
        for platform in ["linux/amd64", "linux/arm64"] {
            crane(&["validate", "--remote", &reference, "--platform", platform]);
        }
        let seen = project
            .run(&[
                "inspect",
                "misbehave:1.0.0",
                "--registry",
                &host,
                "--format",
                "json",
            ])
            .expect(0);
        for image in seen.json()["images"].as_array().unwrap() {
            assert_eq!(
                image["attestations"].as_array().unwrap().len(),
                1,
                "{image}"
            );
        }
    }
}
