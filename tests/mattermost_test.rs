//! The real recipe of Mattermost against an upstream on loopback: four shapes
//! of its Dockerfile, both platforms, both ways to push.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{
    Builder, DebianRegistry, Output, Project, Upstreams, VERSIONS, crane_file, pin,
};

/// What both platforms print when this program of the image runs.
fn prints(line: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    for platform in ["linux/amd64", "linux/arm64"] {
        writeln!(text, "{platform}\t{}", line(platform)).unwrap();
    }
    text
}

#[test]
fn every_shape_of_dockerfile_runs_on_both_platforms() {
    let upstreams = Upstreams::start();
    for (number, dockerfile) in VERSIONS {
        upstreams.mattermost(number, dockerfile);
    }
    let project = upstreams.project(Builder::BuildKit, "mattermost", "");
    let ran = project
        .run(&["run"])
        .expect(0)
        .says("tagged local/test/mattermost:latest -> 11.1.0");
    digests_are_told(&ran);

    for (number, _) in VERSIONS {
        let image = format!("mattermost:{number}");
        for program in ["/mattermost/bin/mattermost", "/mattermost/bin/mmctl"] {
            let output = project.run(&["smoke", &image, "--", program]).expect(0);
            let expected =
                prints(|platform| format!("{program} team-{number} {platform} made by upstream"));
            assert_eq!(output.stdout, expected);
        }
    }
    // The host fetched the packages; curl, a trap in the bases, never ran.
    let requests = upstreams.github.requests();
    let packages: BTreeSet<_> = requests
        .iter()
        .map(|request| &request.path)
        .filter(|path| path.starts_with("/mattermost/") && path.ends_with(".tar.gz"))
        .collect();
    assert_eq!(packages.len(), VERSIONS.len() * 2, "{packages:?}");
    plugins_are_the_same_as_far_as_there_are(&project, &ran);

    let inspected = project
        .run(&["inspect", "mattermost:11.1.0", "--format", "json"])
        .expect(0);
    for image in inspected.json()["images"].as_array().unwrap() {
        let labels = &image["labels"];
        assert_eq!(labels["org.opencontainers.image.version"], "11.1.0");
        assert_eq!(
            labels["org.opencontainers.image.source"],
            "https://github.com/mattermost/mattermost"
        );
        let revision = labels["org.opencontainers.image.revision"]
            .as_str()
            .unwrap();
        assert_eq!(revision.len(), 40, "{labels}");
    }
    let again = project.run(&["run"]).expect(0);
    assert!(
        again.stdout.contains("nothing to build"),
        "{}",
        again.stdout
    );
}

/// arm64's package has no plugins. What upstream publishes for it is in its image
/// all the same; what it does not is in the report and in a label.
fn plugins_are_the_same_as_far_as_there_are(project: &Project, ran: &Output) {
    const ADDED: &str = "mattermost-plugin-calls-v0.26.2, mattermost-plugin-playbooks-v1.39.3";
    const LACKING: &str = "mattermost-plugin-nps-v1.3.3, mattermost-plugin-servicenow-v2.3.4";
    let listed = project
        .run(&[
            "smoke",
            "mattermost:9.11.9",
            "--",
            "ls",
            "/mattermost/prepackaged_plugins",
        ])
        .expect(0);
    let files = |platform: &str| -> Vec<&str> {
        let start = format!("{platform}\t");
        let lines = listed.stdout.lines();
        lines.filter_map(|line| line.strip_prefix(&start)).collect()
    };
    assert_eq!(files("linux/amd64").len(), 8, "{}", listed.stdout);
    assert_eq!(
        files("linux/arm64"),
        [
            "mattermost-plugin-calls-v0.26.2-linux-arm64.tar.gz",
            "mattermost-plugin-calls-v0.26.2-linux-arm64.tar.gz.sig",
            "mattermost-plugin-playbooks-v1.39.3.tar.gz",
            "mattermost-plugin-playbooks-v1.39.3.tar.gz.sig",
        ]
    );
    let inspected = project
        .run(&["inspect", "mattermost:11.1.0", "--format", "json"])
        .expect(0)
        .json();
    for image in inspected["images"].as_array().unwrap() {
        let (added, lacking) = match image["platform"].as_str() {
            Some("linux/arm64") => (Value::from(ADDED), Value::from(LACKING)),
            _ => (Value::Null, Value::Null),
        };
        assert_eq!(image["labels"]["mattermost.package.added"], added);
        assert_eq!(image["labels"]["mattermost.package.lacking"], lacking);
    }
    let package = "mattermost-team-11.1.0-linux-arm64.tar.gz";
    for line in [
        format!(
            "mattermost 11.1.0 linux/arm64: {package} lacks plugins that upstream's package for linux/amd64 has; fetched from https://plugins.releases.mattermost.com/release/: {ADDED}\n"
        ),
        format!(
            "mattermost 11.1.0 linux/arm64: {package} lacks what upstream's package for linux/amd64 has, and upstream does not publish it apart: {LACKING}\n"
        ),
    ] {
        assert!(ran.stdout.contains(&line), "{line}\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("amd64.tar.gz lacks"), "{}", ran.stdout);
}

/// A digest that is good for both platforms stays, and its tag, which shows an
/// image without a shell by now, is not looked at; amd64's gives way for arm64
/// only, to what its tag shows.
fn digests_are_told(ran: &Output) {
    let changed: Vec<_> = ran
        .stderr
        .lines()
        .filter(|line| line.contains("only; "))
        .collect();
    assert_eq!(changed.len(), 2, "{changed:?}");
    for (image, digest) in [
        ("debian:buster-slim", "sha256:5b0b1a9a"),
        ("ubuntu:jammy-20230308", "sha256:7a57c69f"),
    ] {
        let (old, new) = (pin(image, digest), pin(image, "sha256:"));
        let expected = format!(
            "{image}: {old} is for linux/amd64 only; linux/arm64 is built from {new}, which the tag shows now"
        );
        assert!(
            changed.iter().any(|line| line.contains(&expected)),
            "{expected}\n{changed:?}"
        );
    }
}

#[test]
fn the_engines_own_builder_does_the_same() {
    let upstreams = Upstreams::start();
    let (number, dockerfile) = VERSIONS[2];
    upstreams.mattermost(number, dockerfile);
    let project = upstreams.project(Builder::Docker, "mattermost", "edition = \"enterprise\"");
    project.run(&["run"]).expect(0);
    let program = "/mattermost/bin/mattermost";
    let output = project
        .run(&["smoke", "mattermost:latest", "--", program])
        .expect(0);
    assert_eq!(
        output.stdout,
        prints(|platform| format!("{program} {number} {platform} made by upstream"))
    );
}

#[test]
fn the_server_is_compiled_from_source_when_told_to() {
    let upstreams = Upstreams::start();
    let (number, dockerfile) = VERSIONS[3];
    let commit = upstreams.mattermost(number, dockerfile);
    let project = upstreams.project(Builder::BuildKit, "mattermost", "build = \"source\"");
    project.run(&["run"]).expect(0);
    for (program, made) in [
        (
            "mattermost",
            format!("{commit} on Wed Jan  1 00:00:00 UTC 2025"),
        ),
        ("mmctl", format!("{commit} (clean) on 2025-01-01T00:00:00Z")),
    ] {
        let path = format!("/mattermost/bin/{program}");
        let output = project
            .run(&["smoke", "mattermost:latest", "--", &path])
            .expect(0);
        assert_eq!(
            output.stdout,
            prints(|platform| format!("{program} {number} {platform} compiled from {made}"))
        );
    }
}

#[test]
fn a_package_that_is_not_what_its_notes_say_is_refused() {
    let upstreams = Upstreams::start();
    let (number, dockerfile) = VERSIONS[0];
    upstreams.mattermost(number, dockerfile);
    let name = format!("mattermost-team-{number}-linux-arm64.tar.gz");
    upstreams
        .github
        .file(&format!("/mattermost/{number}/{name}"), "another one");
    let project = upstreams.project(Builder::BuildKit, "mattermost", "");
    project
        .run(&["run", "--platform", "linux/arm64", "--partial"])
        .expect(6)
        .says(&name)
        .says("expected");
}

#[test]
fn a_dockerfile_of_another_shape_is_refused_with_its_lines() {
    let upstreams = Upstreams::start();
    upstreams.mattermost(
        "12.0.0",
        "FROM ubuntu:noble\nARG MM_URL\nADD ${MM_URL} /\nRUN true\n",
    );
    let project = upstreams.project(Builder::BuildKit, "mattermost", "");
    project
        .run(&["run", "--platform", "linux/amd64", "--partial"])
        .expect(5)
        .says("server/build/Dockerfile: no `ARG MM_PACKAGE` to set; it has line 2: MM_URL");
}

/// Upstream's image has programs without their libraries; an option brings both.
#[test]
fn document_search_is_completed_when_told_to() {
    let upstreams = Upstreams::start();
    let (number, dockerfile) = VERSIONS[3];
    upstreams.mattermost(number, dockerfile);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let option = "document-search = true";
    let project = upstreams.project(Builder::BuildKit, "mattermost", option);
    project.run(&["run", "--registry", &host]).expect(0);
    let reference = format!("{host}/test/mattermost:{number}");
    for (platform, machine) in [("linux/amd64", "x86_64"), ("linux/arm64", "aarch64")] {
        for file in [
            "usr/bin/pdftotext",
            "usr/bin/unrtf",
            "usr/lib/some-linux-gnu/libpoppler.so.126",
        ] {
            let ran_on = crane_file(&reference, platform, file);
            assert_eq!(ran_on.trim(), machine, "{file}");
        }
    }
}
