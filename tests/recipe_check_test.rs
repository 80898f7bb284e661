//! `recipe check`: what a recipe offers and cannot build is told before anything is
//! built.

use crate::support::{Builder, DebianRegistry, Project, crane, tool};

const CHECK: [&str; 3] = ["recipe", "check", "misbehave"];

/// A project with these versions of `misbehave`, oldest first.
fn misbehave(versions: &[&str]) -> Project {
    let project = Project::new(Builder::Docker);
    project.misbehave(versions);
    // All that the recipe asks for.
    project.app(
        "misbehave",
        "releases = [\"npm:misbehave\"]\nimages = [\"misbehave\"]\nbases = [\"base.invalid/x\"]",
    );
    project
}

#[test]
fn what_can_be_built_is_tried_up_to_its_build() {
    let project = misbehave(&["1.0.0-panic", "1.1.0"]);
    let output = project.run(&CHECK).expect(0);
    for line in [
        "misbehave 1.1.0 linux/amd64  up to its build\n",
        "misbehave 1.1.0 linux/arm64  up to its build\n",
        "2 versions listed, 2 targets of the newest tried, 0 problems\n",
    ] {
        assert!(output.stdout.contains(line), "{}", output.stdout);
    }
    // Nothing was built, and nothing is left.
    assert!(!project.path("digests").exists());
    let left = std::fs::read_dir(project.path(".bakehouse/work")).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn a_target_that_the_recipe_refuses_is_named() {
    for (version, code, expected) in [
        (
            "1.0.0-arm64refused",
            5,
            "misbehave 1.0.0-arm64refused linux/arm64: no program for arm64",
        ),
        (
            "1.0.0-panic",
            5,
            "crashed in prepare (misbehave 1.0.0-panic linux/arm64)",
        ),
        (
            "1.0.0-network",
            11,
            "RUN steps of misbehave have no network",
        ),
    ] {
        let project = misbehave(&[version]);
        let output = project.run(&CHECK).expect(code).says(expected);
        let row = format!("misbehave {version} linux/arm64  CANNOT BE BUILT\n");
        assert!(output.stdout.contains(&row), "{}", output.stdout);
    }
    let project = misbehave(&["1.0.0-arm64refused"]);
    let json = project
        .run(&[&CHECK[..], &["--format", "json"]].concat())
        .expect(5)
        .json();
    let verdicts: Vec<_> = json["tried"]["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| target["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["ready", "fails"]);
    assert_eq!(json["tried"]["targets"][1]["problem"]["code"], 5);
}

#[test]
fn a_matrix_that_is_not_what_is_described_is_named() {
    for (version, expected) in [
        (
            "1.0.0-undescribed",
            "misbehave is not described for linux/s390x",
        ),
        (
            "1.0.0-notarget",
            "misbehave 1.0.0-notarget: the matrix has no target",
        ),
        (
            "1.0.0-amd64only",
            "misbehave: misbehave is described for linux/arm64, and no version's matrix has it",
        ),
    ] {
        misbehave(&[version]).run(&CHECK).expect(5).says(expected);
    }
}

#[test]
fn a_version_that_cannot_be_tagged_is_named() {
    misbehave(&["1.0.0-r1", "1.0.0", "1.1.0"])
        .run(&CHECK)
        .expect(5)
        .says("version `1.0.0-r1` cannot be tagged with its name: it is the name of a revision of");
}

#[test]
fn a_base_that_lacks_the_platform_is_named() {
    let registry = DebianRegistry::start();
    let base = format!("{}/n/base", registry.host());
    let context = tempfile::tempdir().unwrap();
    std::fs::write(
        context.path().join("Dockerfile"),
        "FROM scratch\nCOPY Dockerfile /\n",
    )
    .unwrap();
    let built = std::process::Command::new(tool("docker-buildx"))
        .args([
            "build",
            "--builder=bakehouse",
            "--platform=linux/amd64",
            "--provenance=false",
        ])
        .arg(format!(
            "--output=type=image,name={base}:1,push=true,registry.insecure=true"
        ))
        .arg(context.path())
        .status()
        .unwrap();
    assert!(
        built.success(),
        "the base cannot be built\nhint: ./justw test starts BuildKit"
    );
    let digest = crane(&["digest", &format!("{base}:1")]);
    for reference in [format!("{base}:1"), format!("{base}@{digest}")] {
        let project = misbehave(&["1.0.0-from"]);
        let grants = format!(
            "releases = [\"npm:misbehave\"]\nimages = [\"misbehave\"]\nbases = [\"{base}\"]\n\n[options]\nbase = \"{reference}\""
        );
        project.app("misbehave", &grants);
        let output = project.run(&CHECK).expect(8).says(&format!(
            "misbehave 1.0.0-from linux/arm64: line 1 of the Dockerfile: {reference} is for linux/amd64, and linux/arm64 is wanted"
        ));
        let row = "misbehave 1.0.0-from linux/amd64  up to its build\n";
        assert!(output.stdout.contains(row), "{}", output.stdout);
    }
}

#[test]
fn compile_steps_are_not_run() {
    let project = Project::new(Builder::Docker);
    project.crosshello();
    let output = project.run(&["recipe", "check", "crosshello"]).expect(0);
    for (target, tried) in [
        (
            "crosshello 1.0.0 crosshello-base linux/arm64 ",
            " up to its build\n",
        ),
        (
            "crosshello 1.0.0 linux/arm64 ",
            " up to its first compile step\n",
        ),
    ] {
        let mut rows = output.stdout.split_inclusive('\n');
        let found = rows.any(|row| row.starts_with(target) && row.ends_with(tried));
        assert!(found, "{}", output.stdout);
    }
}
