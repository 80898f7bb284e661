//! The real recipe of Outline against an upstream on loopback, with the real
//! Node.js and Yarn.

use crate::support::{Builder, Project, Upstreams, Yarn};

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
    let arguments = ["run", "--platform", "linux/arm64", "--use-qemu", "false"];
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

#[test]
fn with_yarn_4_and_buildkit() {
    builds_once_and_runs_twice(Builder::BuildKit, "1.9.2", Yarn::Four);
}

#[test]
fn with_yarn_1_and_the_engines_own_builder() {
    builds_once_and_runs_twice(Builder::Docker, "0.82.0", Yarn::One);
}
