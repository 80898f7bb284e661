//! Failures of a part: nothing incomplete is tagged, the rest goes on.

use crate::support::{Builder, DebianRegistry, Project, crane, finish};

#[test]
fn a_failing_platform_publishes_no_tag() {
    let project = Project::new(Builder::BuildKit);
    let registry = DebianRegistry::start();
    let host = registry.host();
    project.misbehave(&["1.0.0", "1.1.0-arm64fails", "1.2.0"]);
    let output = project
        .run(&["run", "--registry", &host])
        .expect(8)
        .says("error: misbehave 1.1.0-arm64fails linux/arm64: step `")
        .says("missing");
    let line = format!("not published: {host}/test/misbehave:1.1.0-arm64fails\n");
    assert!(output.stdout.contains(&line), "{}", output.stdout);
    assert!(
        output
            .stdout
            .contains("built 5, reused 0, tags set 3, FAILED 1"),
        "{}",
        output.stdout
    );
    let tags = crane(&["ls", &format!("{host}/test/misbehave")]);
    let mut tags: Vec<_> = tags.lines().collect();
    tags.sort_unstable();
    assert_eq!(tags, ["1.0.0", "1.2.0", "latest"]);
    // The platform that did not fail is kept for the next try.
    let kept = |platform: &str| {
        let target = format!("misbehave/1.1.0-arm64fails/misbehave/{platform}");
        project.path(&project.digest_file(&host, &target)).is_file()
    };
    assert!(kept("linux-amd64") && !kept("linux-arm64"));
}

#[test]
fn upstream_404() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0-asset"]);
    project.npm.lose("1.0.0-asset");
    project
        .run(&["run"])
        .expect(6)
        .says("misbehave 1.0.0-asset linux/amd64: ")
        .says("-/misbehave-1.0.0-asset.tgz: not found")
        .says("hint: upstream may have withdrawn it");

    let project = Project::new(Builder::Docker);
    project.app(
        "misbehave",
        "releases = [\"npm:misbehave\"]\nimages = [\"misbehave\"]",
    );
    project
        .run(&["plan"])
        .expect(6)
        .says("npm has no package misbehave");
}

#[test]
fn an_app_that_cannot_be_looked_at() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    let grants = "releases = [\"npm:crosshello\"]\nimages = [\"crosshello\", \"crosshello-base\"]";
    project.app("crosshello", grants);
    let why = "npm has no package crosshello";
    let planned = project.run(&["plan"]).expect(6).says(why);
    assert!(planned.stdout.contains("misbehave"), "{}", planned.stdout);
    // Also where nothing else can be done, either.
    let mut lonely = project.command(&["run"]);
    lonely.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    finish(&mut lonely)
        .expect(7)
        .says(why)
        .says("no Docker Engine answers at unix:///nowhere/docker.sock");
    project
        .run(&["run"])
        .expect(6)
        .says(why)
        .says("tagged local/test/misbehave:1.0.0");
}

#[test]
fn registry_down() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project
        .run(&["run", "--registry", "127.0.0.1:1"])
        .expect(9)
        .says("destination: 127.0.0.1:1/test (registry: --registry, namespace: bakehouse.toml)")
        .says("cannot reach registry 127.0.0.1:1")
        .says("hint: check the address given as --registry");
}

#[test]
fn traps_are_contained() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.1.0-panic", "1.2.0-hungry"]);
    let output = project
        .run(&["run", "--platform", "linux/amd64", "--partial"])
        .expect(5)
        .says("recipe misbehave crashed in prepare (misbehave 1.1.0-panic linux/amd64): ")
        .says("asked to panic on linux/amd64")
        .says("(misbehave 1.2.0-hungry linux/amd64): ")
        .says("it wanted more than 256 MiB of memory");
    assert!(
        output
            .stdout
            .contains("built 1, reused 0, tags set 1, FAILED 2"),
        "{}",
        output.stdout
    );
}

#[test]
fn an_endless_loop_ends_and_does_not_stop_others() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.1.0-spin"]);
    project
        .run(&["run", "--platform", "linux/amd64", "--partial"])
        .expect(5)
        .says("misbehave 1.0.0 linux/amd64: pushed")
        .says(
            "crashed in prepare (misbehave 1.1.0-spin linux/amd64): it computed for more than 10 s",
        );
}
