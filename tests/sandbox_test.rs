//! The sandbox: what a recipe asks for and does not get.

use std::time::Duration;

use crate::support::{Builder, Output, Project};

fn refused(behaviour: &str, code: i32) -> Output {
    let project = Project::new(Builder::Docker);
    let version = format!("1.0.0-{behaviour}");
    project.misbehave(&[&version]);
    let output = project
        .run(&["run", "--platform", "linux/amd64", "--partial"])
        .expect(code);
    project
        .run(&["inspect", &format!("misbehave:{version}")])
        .expect(4);
    output
}

#[test]
fn ungranted_calls_name_the_line_to_add() {
    refused("source", 11)
        .says("misbehave has no grant for npm:not-granted; add \"npm:not-granted\" to `releases` under [grants] in apps/misbehave/app.toml");
    refused("download", 11).says("to `downloads` under [grants]");
    refused("lookup", 11).says("add \"127.0.0.1:1/x/y\" to `bases` under [grants]");
    refused("base", 11).says("add \"127.0.0.1:1/x/y\" to `bases` under [grants]");
    refused("network", 11).says("add `network = true` under [grants]");
}

#[test]
fn paths_stay_in_the_work_tree() {
    refused("escape", 5).says("`../..` is not a path inside the work tree");
    refused("dockerfile", 5).says("`/etc/passwd` is not a path inside the work tree");
}

#[test]
fn waiting_for_the_host_costs_no_cpu_time() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    // Longer than the 10 s that an endless loop gets.
    project.npm.slow(Duration::from_secs(11));
    project.run(&["plan"]).expect(0);
}

#[test]
fn only_src_is_there() {
    refused("files", 5).says("passwd false, variables 0");
}

#[test]
fn an_image_that_is_not_granted_is_not_described() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project.app("misbehave", "releases = [\"npm:misbehave\"]");
    project
        .run(&["plan"])
        .expect(11)
        .says("add \"misbehave\" to `images` under [grants] in apps/misbehave/app.toml");
}
