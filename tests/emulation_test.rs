//! Steps for another platform: told before the build where they cannot run.

use std::process::Command;

use crate::support::{Builder, Git, Output, Project, Tree, busybox, finish};

/// Needs emulation on the machine that the tests run on.
const FOREIGN: &str = "\
FROM scratch AS final
ARG TARGETARCH
COPY busybox-$TARGETARCH /bin/sh

RUN echo here >/result
";
const CROSS: &str = "\
FROM --platform=$BUILDPLATFORM scratch AS compile
COPY busybox-amd64 /bin/sh
ARG TARGETARCH
RUN echo for $TARGETARCH >/result
FROM scratch
COPY --from=compile /result /
";

/// A project for two versions: 1.0.0 cross-compiles, 2.0.0 does not.
fn project(git: &Git, builder: Builder) -> Project {
    let tree = Tree::new()
        .executable("busybox-amd64", busybox("amd64"))
        .executable("busybox-arm64", busybox("arm64"));
    git.release("a/b", "v1.0.0", &tree.clone().file("Dockerfile", CROSS));
    git.release("a/b", "v2.0.0", &tree.file("Dockerfile", FOREIGN));
    let project = Project::new(builder);
    let url = git.url("a/b");
    project.app(
        "fromsource",
        &format!(
            "images = [\"fromsource\"]\nsources = [\"{url}\"]\n[options]\nrepository = \"{url}\"\nversions = \"2.0.0 1.0.0\""
        ),
    );
    project
}

/// Only this target failed, for the reason that `says`.
fn only_foreign_failed(output: Output, architecture: &str, says: &str) {
    let report = output
        .expect(8)
        .says(&format!(
            "fromsource 2.0.0 linux/{architecture}: RUN in line 5 of Dockerfile (stage final) is for linux/{architecture}, which builder {says}"
        ))
        .says("or cross-compile in a stage `FROM --platform=$BUILDPLATFORM`");
    assert!(
        !report
            .stderr
            .contains(&format!("2.0.0 linux/{architecture}: [")),
        "something was built:\n{}",
        report.stderr
    );
    let targets = report.json()["targets"].as_array().unwrap().clone();
    let failed: Vec<_> = targets.iter().filter(|t| t["digest"].is_null()).collect();
    assert_eq!((targets.len(), failed.len()), (4, 1), "{targets:?}");
}

fn run(project: &Project, change: impl FnOnce(&mut Command) -> &mut Command) -> Output {
    let mut command = project.command(&["run", "-v", "--format", "json"]);
    change(&mut command);
    finish(&mut command)
}

#[test]
fn without_emulation_only_cross_compiled_images_are_built() {
    for (builder, name) in [
        (Builder::Docker, "default"),
        (Builder::BuildKit, "bakehouse"),
    ] {
        let git = Git::start();
        let project = project(&git, builder);
        let platforms = [
            "--platform",
            "linux/amd64",
            "--platform",
            "linux/ppc64",
            "--partial",
        ];
        let output = run(&project, |command| command.args(platforms));
        only_foreign_failed(output, "ppc64", &format!("{name} cannot emulate"));
    }
}

#[test]
fn emulation_may_be_forbidden() {
    let git = Git::start();
    let one = project(&git, Builder::BuildKit);
    let output = run(&one, |command| command.env("USE_QEMU", "false"));
    only_foreign_failed(
        output,
        "arm64",
        "bakehouse may not emulate: pass --use-qemu true",
    );
    // Empty is what CI makes of an input that nobody set.
    run(&one, |command| command.env("USE_QEMU", "")).expect(0);

    let two = project(&git, Builder::BuildKit);
    let settings = std::fs::read_to_string(two.path("bakehouse.toml")).unwrap();
    two.write("bakehouse.toml", format!("{settings}use-qemu = false\n"));
    only_foreign_failed(
        run(&two, |command| command),
        "arm64",
        "bakehouse may not emulate",
    );
    run(&two, |command| command.args(["--use-qemu", "true"])).expect(0);
    run(&two, |command| command.args(["--use-qemu", "maybe"])).expect(2);
}

#[test]
fn one_platform_alone() {
    let git = Git::start();
    let project = project(&git, Builder::BuildKit);
    let mut plan = project.command(&["plan", "--format", "json"]);
    let plan = finish(plan.env("MULTI_ARCH", "false")).expect(0).json();
    for version in plan["apps"][0]["versions"].as_array().unwrap() {
        let wanted = version["images"][0]["wanted"].as_array().unwrap();
        assert_eq!(wanted, &["linux/amd64"], "{version}");
    }
    let mut one = project.command(&["run"]);
    finish(one.env("MULTI_ARCH", "false")).expect(0);
    // Later, the other platform joins.
    let report = project.run(&["run", "--format", "json"]).expect(0).json();
    let targets = report["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 2, "{report}");
    for image in report["images"].as_array().unwrap() {
        assert_eq!(image["platforms"].as_array().unwrap().len(), 2, "{report}");
    }
}
