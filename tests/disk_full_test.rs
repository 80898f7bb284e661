//! A disk that is full, under each of the folders that a run writes to.
//!
//! It is a small tmpfs in a mount namespace of its own, which ends with the run.

use std::process::Command;

use crate::support::{Builder, Git, Output, Package, Project, Tree, finish, tool};

/// Bytes that do not get smaller when they are packed.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(size).collect()
}

/// `misbehave`, whose targets all do this.
fn project(behaviour: &str) -> Project {
    let project = Project::new(Builder::Docker);
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    project.write("bakehouse.toml", format!("concurrency = 1\n{settings}"));
    project.misbehave(&["1.0.0", "1.1.0"]);
    project.options(&[("behaviour", behaviour)]);
    project
}

/// Runs the binary while `folder` is a file system of `size`, on which `before` has
/// been run.
fn on_disk(
    project: &Project,
    folder: &str,
    size: &str,
    before: &str,
    arguments: &[&str],
) -> Output {
    let run = project.command(arguments);
    let script = format!(
        "set -e; mkdir -p {folder}; mount -t tmpfs -o size={size} none {folder}; {before}\nexec \"$@\""
    );
    let mut command = Command::new(tool("unshare"));
    command
        .args(["--mount", "sh", "-c", &script, "sh"])
        .arg(run.get_program())
        .args(run.get_args())
        .env_clear()
        .envs(project.environment())
        .current_dir(project.path(""));
    finish(&mut command)
}

/// It is told as the host's own, with the folder and its room; no further target is
/// begun, and nobody else is blamed.
fn assert_hosts_own(output: Output, folder: &str) -> Output {
    let output = output.expect(13);
    let output = output
        .says(folder)
        .says(" free of ")
        .says("hint: free space there");
    assert!(
        !output.stderr.contains("this is a fault"),
        "{}",
        output.stderr
    );
    output
}

#[test]
fn a_recipe_that_finds_the_disk_full_is_not_at_fault() {
    for behaviour in ["fill", "tidy"] {
        let project = project(behaviour);
        let full = on_disk(&project, ".bakehouse/work", "1m", "", &["run"]);
        assert_hosts_own(full, ".bakehouse/work").says("3 more targets were not begun");
    }
}

#[test]
fn a_recipe_that_fills_its_quota_is_at_fault() {
    let project = project("fill");
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    project.write(
        "bakehouse.toml",
        format!("{settings}\n[limits]\ntree-mib = 8\n"),
    );
    let full = project.run(&["run"]).expect(5);
    full.says("hint: this is a fault in prepare of recipe misbehave");
}

#[test]
fn a_download_that_finds_the_disk_full_is_not_upstreams() {
    let project = project("asset");
    let package = Package::new(&["1.0.0", "1.1.0"]).file("asset", &noise(2 << 20));
    project.npm.publish("misbehave", package);
    let full = on_disk(&project, ".bakehouse/downloads", "256k", "", &["run"]);
    assert_hosts_own(full, ".bakehouse/downloads").says("3 more targets were not begun");
    // Where it is unpacked to.
    let full = on_disk(&project, ".bakehouse/work", "256k", "", &["run"]);
    assert_hosts_own(full, ".bakehouse/work");
}

#[test]
fn a_checkout_that_finds_the_disk_full_is_not_upstreams() {
    let git = Git::start();
    let noise: String = noise(2 << 20)
        .iter()
        .map(|byte| char::from(b' ' + byte % 64))
        .collect();
    git.release("owner/name", "v1.0.0", &Tree::new().file("noise", &noise));
    let project = Project::new(Builder::Docker);
    let url = git.url("owner/name");
    project.app(
        "fromsource",
        &format!(
            "images = [\"fromsource\"]\nsources = [\"{url}\"]\n[options]\nrepository = \"{url}\"\nversions = \"1.0.0\"\n"
        ),
    );
    for folder in [".bakehouse/sources", ".bakehouse/work"] {
        let full = on_disk(&project, folder, "512k", "", &["run"]);
        assert_hosts_own(full, folder);
    }
}

#[test]
fn an_image_that_finds_the_disk_full_is_no_failed_build() {
    let full = on_disk(&project("behave"), ".bakehouse/work", "64m", "", &["run"]);
    assert_hosts_own(full, ".bakehouse/work").says("3 more targets were not begun");
}

#[test]
fn a_digest_file_that_finds_the_disk_full_stops_the_run() {
    let fill = "head -c 1m /dev/zero > digests/full 2>/dev/null || true";
    let full = on_disk(&project("behave"), "digests", "64k", fill, &["run"]);
    assert_hosts_own(full, "digests").says("3 more targets were not begun");
}

#[test]
fn a_disk_that_cannot_be_written_to_stops_the_run() {
    let read_only = "mount -o remount,ro digests";
    let refused = on_disk(&project("behave"), "digests", "64k", read_only, &["run"]);
    refused
        .expect(13)
        .says("hint: a project is written to")
        .says("3 more targets were not begun");
}

#[test]
fn what_is_missing_is_told_of_where_it_is_missing() {
    let output = |behaviour| {
        let run = project(behaviour).run(&["run"]).expect(6);
        assert!(!run.stderr.contains("os error"), "{}", run.stderr);
        run
    };
    output("withdrawn").says("hint: upstream may have withdrawn it");
    let missing = "FAILED: upstream's source has no server/Dockerfile";
    for behaviour in ["missing", "both"] {
        let output = output(behaviour).says(missing);
        assert!(!output.stderr.contains("withdrawn"), "{}", output.stderr);
    }
}
