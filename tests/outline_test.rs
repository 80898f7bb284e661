//! The real recipe of Outline against an upstream on loopback, with the real
//! Node.js and Yarn.

use crate::support::{Builder, CUTS, Project, Upstreams, Yarn};

/// Runs the server on both platforms; the line of each, and what tells one
/// build of the JavaScript from another.
fn smoke(project: &Project, image: &str) -> Vec<(String, String)> {
    let output = project
        .run(&["smoke", image, "--", "node", "build/server/index.js"])
        .expect(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    let said = |line: &str| line.split_once('\t').unwrap().1.to_owned();
    let pairs = lines
        .chunks(2)
        .map(|pair| (pair[0].to_owned(), said(pair[1])));
    pairs.collect()
}

fn builds_once_and_runs_twice(builder: Builder, number: &str, yarn: Yarn) {
    let upstreams = Upstreams::start();
    upstreams.outline(number, yarn);
    let project = upstreams.project(builder, "outline", "");
    // Both targets at once: the builder shares what it is building, too.
    project
        .run(&["run"])
        .expect(0)
        .says(&format!("tagged local/test/base-outline:{number}"))
        .says(&format!("tagged local/test/outline:{number}"));

    let ran = smoke(&project, "outline:latest");
    let expected = [
        ("linux/amd64", "x64", "amd64"),
        ("linux/arm64", "arm64", "arm64"),
    ];
    assert_eq!(ran.len(), expected.len(), "{ran:?}");
    for ((line, _), (platform, node, go)) in ran.iter().zip(expected) {
        assert_eq!(
            line,
            &format!("{platform}\toutline {number} {node}, native {go}, built on x64 by devtool")
        );
    }
    // The same JavaScript, from one build on the build platform.
    assert_eq!(ran[0].1, ran[1].1);

    // Only production's modules, only the target's.
    let listed = project
        .run(&["smoke", "base-outline:latest", "--", "ls", "node_modules"])
        .expect(0);
    let modules = |node: &str| format!("native-linux-{node}\n");
    let only = |platform: &str, node: &str| format!("{platform}\t{}", modules(node));
    assert_eq!(
        listed.stdout,
        only("linux/amd64", "x64") + &only("linux/arm64", "arm64")
    );
}

#[test]
fn the_base_needs_no_emulation() {
    let upstreams = Upstreams::start();
    upstreams.outline("1.9.2", Yarn::Four);
    let project = upstreams.project(Builder::BuildKit, "outline", "");
    let arguments = [
        "run",
        "--platform",
        "linux/arm64",
        "--partial",
        "--use-qemu",
        "false",
    ];
    let output = project.run(&arguments);
    assert_ne!(output.code, Some(0), "{}", output.stdout);
    let output = output
        .says("tagged local/test/base-outline:1.9.2")
        .says("may not emulate");
    assert!(
        !output.stderr.contains("tagged local/test/outline:"),
        "{}",
        output.stderr
    );
}

/// What the server of a cut says. npm has msgpackr's native part for amd64, and
/// for arm64 with another C library only; unix-dgram is compiled everywhere.
fn loads(platform: &str, number: &str, node: &str) -> String {
    let (msgpackr, dgram) = match number {
        "1.5.0" => ("packed", "not wanted"),
        // Upstream lets packages run no scripts.
        "1.7.1" => ("false", "not compiled"),
        _ => ("packed", "binds"),
    };
    format!(
        "{platform}\toutline {number} {node}, built on x64: msgpackr {msgpackr}, unix-dgram {dgram}"
    )
}

#[test]
fn native_modules_are_the_targets_on_every_platform() {
    let upstreams = Upstreams::start();
    let [.., cut, _] = CUTS else {
        unreachable!("CUTS has the versions that compile")
    };
    upstreams.outline_cut(cut);
    let project = upstreams.project(Builder::BuildKit, "outline", "");
    project
        .run(&["run"])
        .expect(0)
        .says(&format!("tagged local/test/outline:{}", cut.number));

    let ran = smoke(&project, "outline:latest");
    let said: Vec<_> = ran.iter().map(|(line, _)| line.clone()).collect();
    let expected = [
        loads("linux/amd64", cut.number, "x64"),
        loads("linux/arm64", cut.number, "arm64"),
    ];
    assert_eq!(said, expected);
    assert_eq!(ran[0].1, ran[1].1, "JavaScript from one build");
}

#[test]
fn native_modules_are_compiled_without_emulation() {
    let upstreams = Upstreams::start();
    CUTS.iter().for_each(|cut| upstreams.outline_cut(cut));
    let project = upstreams.project(Builder::BuildKit, "outline", "");
    let arguments = ["run", "--platform", "linux/arm64", "--partial"];
    let more = ["--use-qemu", "false", "--max-versions", "4"];
    let output = project.run(&[&arguments[..], &more].concat());
    // Upstream's last image needs a machine of the platform; its base does not.
    let mut output = output.says("may not emulate");
    for cut in CUTS {
        output = output.says(&format!("tagged local/test/base-outline:{}", cut.number));
        let base = format!("base-outline:{}", cut.number);
        let (said, _) = &smoke(&project, &base)[0];
        assert_eq!(said, &loads("linux/arm64", cut.number, "arm64"));
    }
}

#[test]
fn with_yarn_4_and_buildkit() {
    builds_once_and_runs_twice(Builder::BuildKit, "1.9.2", Yarn::Four);
}

#[test]
fn with_yarn_1_and_the_engines_own_builder() {
    builds_once_and_runs_twice(Builder::Docker, "0.82.0", Yarn::One);
}
