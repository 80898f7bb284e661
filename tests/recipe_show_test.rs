//! `recipe show`: what a version is built with, without a builder.

use std::process::Command;

use bakehouse_loopback::elf;

use crate::support::{
    Builder, Git, Output, Package, Project, Tree, Upstreams, VERSIONS, Yarn, finish,
};

/// Shows an app where no engine and no builder could be reached.
fn show(project: &Project, arguments: &[&str]) -> Output {
    let mut command = project.command(&[&["recipe", "show"], arguments].concat());
    let nowhere = project.path("no-engine.sock");
    command
        .env("DOCKER_HOST", format!("unix://{}", nowhere.display()))
        .env("BAKEHOUSE_BUILDER", "no-such-builder")
        .env("REGISTRY", "registry.invalid");
    let output = finish(&mut command);
    let left = std::fs::read_dir(project.path(".bakehouse/work"));
    assert_eq!(left.map_or(0, Iterator::count), 0, "work trees are left");
    output
}

/// Asserts that these lines follow each other, with others between them.
#[track_caller]
fn in_order(text: &str, lines: &[&str]) {
    let mut rest = text.lines();
    for line in lines {
        assert!(rest.any(|other| other == *line), "no `{line}` in:\n{text}");
    }
}

const DOCKERFILE: &str = "# syntax=docker/dockerfile:1\nARG VERSION=none\n\
    FROM golang:1.26 AS compile\nWORKDIR /src\nCOPY . .\n\
    RUN CGO_ENABLED=0 go build -o /out/app .\n\
    FROM gcr.io/distroless/static-debian12\nCOPY --from=compile /out/app /app\nENTRYPOINT [\"/app\"]\n";

/// An app of `bakehouse:dockerfile`, and the commit that it is at.
fn app(project: &Project, git: &Git) -> String {
    let tree = Tree::new()
        .file("Dockerfile", "FROM scratch\nCOPY docs /\n")
        .file("deploy/Dockerfile", DOCKERFILE)
        .file("deploy/go.mod", "module app\n");
    let commit = git.release("owner/app", "v1.0.0", &tree);
    let repository = git.url("owner/app");
    let digest = format!("sha256:{}", "a".repeat(64));
    project.write(
        "apps/app/app.toml",
        format!(
            r#"recipe = "bakehouse:dockerfile"
[options]
repository = "{repository}"
license = "MIT"
dockerfile = "deploy/Dockerfile"
context = "deploy"
stage = "1"
syntax = "drop"
digests = "keep"
build-stages = ["compile"]
args = {{ VERSION = "{{version}}" }}
[grants]
images = ["app"]
releases = ["git:{repository}"]
sources = ["{repository}"]
bases = ["golang:1.26@{digest}", "gcr.io/distroless/static-debian12"]
"#
        ),
    );
    commit
}

#[test]
fn upstreams_dockerfile_is_a_diff_that_patch_takes() {
    let project = Project::new(Builder::Docker);
    let git = Git::start();
    let commit = app(&project, &git);
    let arguments = ["app", "--version", "1.0.0", "--platform", "linux/arm64"];
    let shown = show(&project, &arguments).expect(0).stdout;
    in_order(
        &shown,
        &[
            "app 1.0.0 linux/arm64",
            &format!("  revision    v1.0.0 ({commit})"),
            "  context     deploy",
            "  stage       1",
            "  network     none",
            &format!(
                "  base        golang:1.26 ({}, line 2, held to sha256:{})",
                "linux/amd64",
                "a".repeat(64)
            ),
            "  base        gcr.io/distroless/static-debian12 (linux/arm64, line 6)",
            "  arg         VERSION=1.0.0",
            "  label       org.opencontainers.image.version=1.0.0",
            "  dockerfile  deploy/Dockerfile, with these changes:",
            "",
            "--- upstream/deploy/Dockerfile",
            "+++ recipe/deploy/Dockerfile",
            "-# syntax=docker/dockerfile:1",
            " ARG VERSION=none",
            "-FROM golang:1.26 AS compile",
            "+FROM --platform=$BUILDPLATFORM golang:1.26 AS compile",
            " WORKDIR /src",
        ],
    );
    assert!(!shown.contains('\u{1b}'), "a pipe has no colours");

    // The same as JSON; and what the diff makes of upstream's file.
    let json = show(&project, &[&arguments[..], &["--format", "json"]].concat());
    let json = json.expect(0).json();
    let build = &json["targets"][0]["build"];
    assert_eq!(json["targets"][0]["platform"], "linux/arm64");
    assert_eq!(json["source"]["commit"], commit.as_str());
    assert_eq!(build["upstream"]["path"], "deploy/Dockerfile");
    assert_eq!(build["upstream"]["dockerfile"], DOCKERFILE);
    assert!(shown.ends_with(build["upstream"]["diff"].as_str().unwrap()));
    project.write("patched/deploy/Dockerfile", DOCKERFILE);
    project.write("shown", &shown);
    let status = Command::new("git")
        .args(["apply", "-p1", "--directory=patched", "shown"])
        .current_dir(project.path(""))
        .status()
        .unwrap();
    assert!(status.success(), "{shown}");
    let patched = std::fs::read_to_string(project.path("patched/deploy/Dockerfile")).unwrap();
    assert_eq!(build["dockerfile"], patched.as_str());
}

#[test]
fn names_that_there_are_not_are_told_with_what_there_is() {
    let project = Project::new(Builder::Docker);
    let git = Git::start();
    app(&project, &git);
    for (arguments, says) in [
        (&["ap"][..], "hint: did you mean app?"),
        (&["app", "--version", "1.0.1"], "app has no version 1.0.1"),
        (&["app", "--version", "v1.0.0"], "did you mean 1.0.0?"),
        (
            &["app", "--platform", "linux/s390x"],
            "app is not built for linux/s390x",
        ),
        (&["app", "--image", "base"], "app has no image base"),
    ] {
        let output = show(&project, arguments).expect(4).says(says);
        assert_eq!(output.stdout, "");
    }
}

#[test]
fn a_dockerfile_of_the_recipes_own_is_shown_whole() {
    let project = Project::new(Builder::Docker);
    let program = elf("arm64", "tool", Some(0));
    let package = Package::new(&["1.0.0", "1.1.0"]).file("bin/tool", &program);
    project.npm.publish("tool-arm64", package);
    project.write(
        "apps/tool/app.toml",
        r#"recipe = "bakehouse:binaries"
[options]
source = "npm:tool-arm64"
license = "MIT"
platforms = ["linux/arm64"]
env = { MODE = "all" }
[grants]
images = ["tool"]
releases = ["npm:tool-arm64"]
"#,
    );
    let shown = show(&project, &["tool"]).expect(0).stdout;
    assert!(shown.starts_with("tool 1.1.0 linux/arm64\n"), "{shown}");
    let whole = "  dockerfile  the recipe's own:\n\nFROM scratch\n\
                 COPY --chmod=0755 [\"program\", \"/usr/local/bin/tool\"]\nENV MODE=\"all\"\n\
                 USER 65532:65532\nENTRYPOINT [\"/usr/local/bin/tool\"]\n";
    assert!(shown.ends_with(whole), "{shown}");
}

#[test]
fn edits_of_the_real_recipes_are_traced_to_upstreams_files() {
    let upstreams = Upstreams::start();
    let [.., (number, dockerfile)] = VERSIONS;
    upstreams.mattermost(number, dockerfile);
    upstreams.outline("1.9.2", Yarn::Four);

    // Edited in place, with a package that was downloaded.
    let project = upstreams.project(Builder::BuildKit, "mattermost", "");
    let shown = show(&project, &["mattermost", "--platform", "linux/arm64"]);
    let shown = shown.expect(0).stdout;
    in_order(
        &shown,
        &[
            &format!("mattermost {number} linux/arm64"),
            "  network     the builder's",
            "--- upstream/server/build/Dockerfile",
            "+FROM scratch AS bakehouse-package",
            "-  && curl -L $MM_PACKAGE | tar -xvz \\",
            "+  && cp -a /tmp/bakehouse-package/* . \\",
        ],
    );

    // Two files, which the recipe reads and leaves as they are; one image needs the other.
    let project = upstreams.project(Builder::BuildKit, "outline", "");
    let shown = show(&project, &["outline", "--platform", "linux/arm64"]);
    let shown = shown.expect(0).stdout;
    let none = format!("unbuilt.invalid/base-outline@sha256:{}", "0".repeat(64));
    in_order(
        &shown,
        &[
            "outline 1.9.2 base-outline linux/arm64",
            "--- upstream/Dockerfile.base",
            "-FROM node:26.3.0 AS deps",
            "+FROM --platform=$BUILDPLATFORM node:26.3.0 AS deps",
            "outline 1.9.2 linux/arm64",
            &format!(
                "  base        base-outline, built before; its digest takes the place of {none}"
            ),
            "--- upstream/Dockerfile",
            "-ARG BASE_IMAGE=outlinewiki/outline-base",
            &format!("+ARG BASE_IMAGE={none}"),
        ],
    );
    let only = show(&project, &["outline", "--image", "outline"]).expect(0);
    assert!(!only.stdout.contains("Dockerfile.base"), "{}", only.stdout);
}

#[test]
fn what_a_compile_step_decides_is_not_told_without_it() {
    let project = Project::new(Builder::Docker);
    project.crosshello();
    let output = show(&project, &["crosshello", "--platform", "linux/arm64"])
        .expect(7)
        .says("crosshello 1.0.0 linux/arm64: it is compiled first, which takes a builder")
        .says("bakehouse build crosshello --version 1.0.0 --platform linux/arm64");
    in_order(
        &output.stdout,
        &[
            "crosshello 1.0.0 crosshello-base linux/arm64",
            "COPY motd /etc/motd",
            "crosshello 1.0.0 linux/arm64",
            "  compiles    this is its compile step, not the image's build",
            "  named       golang=docker-image://golang.invalid/golang:1",
            "  arg         VERSION=1.0.0",
        ],
    );
}
