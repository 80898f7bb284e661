//! Several builders: nodes in networks of their own, nodes that are gone, and
//! builders that go while they work.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::support::{
    Buildkitd, DebianRegistry, Network, Output, Package, Project, buildx, busybox, crane, finish,
};

/// A project whose builders are named by each test.
fn project() -> Project {
    Project::new(crate::support::Builder::Docker)
}

/// The binary with builders of this configuration folder.
fn command(project: &Project, config: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = project.command(arguments);
    command.env("BUILDX_CONFIG", config);
    command
}

fn port(registry: &DebianRegistry) -> u16 {
    let host = registry.host();
    host.rsplit_once(':').unwrap().1.parse().unwrap()
}

fn platforms(reference: &str) -> Vec<String> {
    let index: serde_json::Value = serde_json::from_str(&crane(&["manifest", reference])).unwrap();
    let entries = index["manifests"].as_array().unwrap();
    let name = |entry: &serde_json::Value| {
        entry["platform"]["architecture"]
            .as_str()
            .map(str::to_owned)
    };
    entries.iter().filter_map(name).collect()
}

#[test]
fn one_native_node_per_platform() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let node = |platform| Buildkitd::on(Network::new(&[port(&registry)]), platform);
    let (amd64, arm64) = (node("linux/amd64"), node("linux/arm64"));
    let config = tempfile::tempdir().unwrap();
    let create = |name: &str, more: &[&str], node: &Buildkitd| {
        let address = node.address();
        let arguments = ["create", "--name", name, "--driver", "remote"];
        buildx(config.path(), &[&arguments[..], more, &[&address]].concat());
    };
    create("pair", &["--platform", "linux/amd64"], &amd64);
    create("pair", &["--append", "--platform", "linux/arm64"], &arm64);

    // Used as one builder, each node builds what is native there.
    let project = project();
    project.misbehave(&["1.0.0"]);
    let run = |more: &[&str]| -> Output {
        let arguments = [&["run", "--registry", &host][..], more].concat();
        finish(&mut command(&project, config.path(), &arguments))
    };
    run(&["--builder", "pair"])
        .expect(0)
        .says("2 targets with pair (remote driver");
    let reference = format!("{host}/test/misbehave:1.0.0");
    assert_eq!(platforms(&reference), ["amd64", "arm64"]);
    assert!(amd64.records() > 0 && arm64.records() > 0);

    // Two builders, one named for each platform.
    create("near", &[], &amd64);
    create("far", &[], &arm64);
    let pinned = [
        "--builder",
        "linux/arm64=far",
        "--builder",
        "linux/amd64=near",
    ];
    run(&[&["--namespace", "pinned"][..], &pinned].concat())
        .expect(0)
        .says("2 targets with far, near");
    let digest =
        |namespace: &str| crane(&["digest", &format!("{host}/{namespace}/misbehave:1.0.0")]);
    assert_eq!(digest("pinned"), digest("test"));

    // One is gone: its platform is not built, and nothing is tagged.
    drop(arm64);
    let half = run(&[&["--namespace", "half"][..], &pinned].concat())
        .expect(7)
        .says("builder far gets no more work: ")
        .says("misbehave 1.0.0 linux/amd64: pushed");
    let line = format!("not published: {host}/half/misbehave:1.0.0\n");
    assert!(half.stdout.contains(&line), "{}", half.stdout);
    // A node of the pair is gone, and another builder may take its work.
    run(&["--namespace", "whole", "--builder", "pair,near"])
        .expect(0)
        .says("builder pair: node pair1 (unix://")
        .says("2 targets with pair, near");
    assert_eq!(digest("whole"), digest("test"));
}

#[test]
fn a_builder_that_dies_at_work_is_replaced() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let base = format!("{host}/test/base:1");
    push_base(&base);
    // In one builder's network the base's registry takes connections and says nothing.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stuck = Network::new(&[]);
    stuck.lead(port(&registry), mute.local_addr().unwrap().port());
    let mut first = Buildkitd::on(stuck, "linux/amd64");
    let second = Buildkitd::on(Network::new(&[port(&registry)]), "linux/amd64");
    let config = tempfile::tempdir().unwrap();
    for (name, node) in [("first", &first), ("second", &second)] {
        let address = node.address();
        let create = ["create", "--name", name, "--driver", "remote", &address];
        buildx(config.path(), &create);
    }

    let project = project();
    project
        .npm
        .publish("misbehave", Package::new(&["1.0.0-from"]));
    let grants = format!(
        "releases = [\"npm:misbehave\"]\nimages = [\"misbehave\"]\nbases = [\"{host}/test/base\"]\n\n[options]\nbase = \"{base}\""
    );
    project.app("misbehave", &grants);
    let run = |builders: &str| {
        let to = ["run", "-v", "--registry", &host];
        let with = [
            "--platform",
            "linux/amd64",
            "--partial",
            "--builder",
            builders,
        ];
        command(&project, config.path(), &[&to[..], &with[..]].concat())
    };
    let mut child = run("first,second")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.contains("load metadata for") && !said.contains("load metadata for") {
            // It waits for its build, and the build for the mute registry.
            first.dismiss();
        }
        said.push_str(&line);
        said.push('\n');
    }
    assert!(child.wait().unwrap().success(), "{said}");
    for expected in [
        "builder first gets no more work for linux/amd64: builder first stopped answering",
        "misbehave 1.0.0-from linux/amd64: pushed sha256:",
    ] {
        assert!(said.contains(expected), "{said}");
    }

    // Without another it is reported.
    finish(run("first").args(["--namespace", "alone"]))
        .expect(7)
        .says("builder first does not answer");
}

/// A base image of one platform, with the busybox that tests have.
fn push_base(reference: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sh"), busybox("amd64")).unwrap();
    let layer = folder.path().join("layer.tar");
    let mut tar = tar::Builder::new(std::fs::File::create(&layer).unwrap());
    tar.append_path_with_name(folder.path().join("sh"), "bin/sh")
        .unwrap();
    tar.finish().unwrap();
    let layer = layer.to_str().unwrap();
    let image = ["--new_tag", reference, "--new_layer", layer];
    crane(&[&["append", "--platform", "linux/amd64"], &image[..]].concat());
}
