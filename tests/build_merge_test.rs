//! `build` and `merge`, as separate CI jobs use them.

use crate::support::{Builder, DebianRegistry, Project, crane};

#[test]
fn one_job_a_platform_then_a_merge() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let at = ["--registry", host.as_str()];
    let jobs = [
        Project::new(Builder::BuildKit),
        Project::new(Builder::BuildKit),
    ];
    let merge = Project::new(Builder::BuildKit);
    for (project, platform) in jobs.iter().zip(["linux/amd64", "linux/arm64"]) {
        project.misbehave(&["1.0.0"]);
        let build = [
            "build",
            "misbehave",
            "--version",
            "1.0.0",
            "--platform",
            platform,
        ];
        let output = project.run(&[&build[..], &at].concat()).expect(0);
        assert!(output.stdout.contains("built 1"), "{}", output.stdout);
        let target = format!("misbehave/1.0.0/misbehave/{}", platform.replace('/', "-"));
        let file = project.digest_file(&host, &target);
        let bytes = std::fs::read(project.path(&file)).unwrap();
        merge.write(&file.replace("digests/", "artifacts/"), bytes);
    }
    merge.misbehave(&["1.0.0"]);
    let command = [
        "merge",
        "misbehave",
        "--version",
        "1.0.0",
        "--digests",
        "artifacts",
    ];

    // Nothing is tagged by building, or by a dry run.
    merge
        .run(&[&command[..], &at, &["--dry-run"]].concat())
        .expect(0);
    merge
        .run(&[&["inspect", "misbehave:1.0.0"][..], &at].concat())
        .expect(4);

    merge.run(&[&command[..], &at].concat()).expect(0);
    let reference = format!("{host}/test/misbehave:1.0.0");
    crane(&["validate", "--remote", &reference]);
    let digest = crane(&["digest", &reference]);

    // Merging again changes nothing.
    merge.run(&[&command[..], &at].concat()).expect(0);
    assert_eq!(crane(&["digest", &reference]), digest);
}

#[test]
fn a_lost_artifact_is_named() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project
        .run(&[
            "build",
            "misbehave",
            "--version",
            "1.0.0",
            "--platform",
            "linux/amd64",
        ])
        .expect(0);
    project
        .run(&["merge", "misbehave", "--version", "1.0.0"])
        .expect(4)
        .says("no digest file for misbehave 1.0.0 linux/arm64")
        .says("hint: bakehouse build misbehave --version 1.0.0 --platform linux/arm64");
}

#[test]
fn a_published_image_is_not_replaced_silently() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project.run(&["run"]).expect(0);
    let before = project.digest("misbehave:1.0.0");
    project.options(&[("hello", "another")]);
    let build = ["build", "misbehave", "--version", "1.0.0", "--rebuild"];
    project.run(&build).expect(0);
    let merge = ["merge", "misbehave", "--version", "1.0.0"];
    project
        .run(&merge)
        .expect(3)
        .says("has another image for linux/amd64 already")
        .says("--force");
    assert_eq!(project.digest("misbehave:1.0.0"), before);
    project.run(&[&merge[..], &["--force"]].concat()).expect(0);
    assert_ne!(project.digest("misbehave:1.0.0"), before);
    assert_eq!(project.digest("misbehave:1.0.0-r1"), before);
}
