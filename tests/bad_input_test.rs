//! Bad input: one clear error with a hint, the documented exit code, nothing
//! pushed. The messages are snapshots.

use crate::support::{Builder, DebianRegistry, Output, Project, finish};

/// Snapshots an error, with what differs from run to run replaced.
fn snapshot(name: &str, project: &Project, output: &Output) {
    let root = project.path("").display().to_string();
    let text = format!("exit {}\n{}", output.code.unwrap_or(-1), output.stderr);
    let text = text
        .replace(root.trim_end_matches('/'), "[ROOT]")
        .lines()
        .filter(|line| !line.starts_with("==>"))
        .collect::<Vec<_>>()
        .join("\n");
    insta::with_settings!({ filters => vec![
        (r"127\.0\.0\.1:\d\d+", "[REGISTRY]"),
        (r"sha256:[0-9a-f]{64}", "[DIGEST]"),
        (r"unix://[^ ]+", "[SOCKET]"),
    ] }, { insta::assert_snapshot!(name, text) });
    // What was planned and not done is told, too.
    let counts = "built 0, reused 0, tags set 0, FAILED 1";
    let told = output.stdout.lines().any(|line| line.starts_with(counts));
    assert!(output.stdout.is_empty() || told, "{}", output.stdout);
    assert!(!project.path("digests").exists(), "something was pushed");
}

fn project() -> Project {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.1.0"]);
    project
}

#[test]
fn unknown_names() {
    let project = project();
    snapshot(
        "unknown_app",
        &project,
        &project.run(&["run", "esbulid"]).expect(4),
    );
    let version = ["build", "misbehave", "--version", "9.9.9"];
    snapshot(
        "unknown_version",
        &project,
        &project.run(&version).expect(4),
    );
    let platform = ["run", "--platform", "linux/riscv64"];
    snapshot(
        "unknown_platform",
        &project,
        &project.run(&platform).expect(4),
    );
    let platform = ["run", "--platform", "arm64"];
    snapshot(
        "malformed_platform",
        &project,
        &project.run(&platform).expect(2),
    );
    snapshot(
        "unknown_reference",
        &project,
        &project.run(&["inspect", "misbehave:3"]).expect(4),
    );
    snapshot(
        "malformed_reference",
        &project,
        &project.run(&["inspect", "Not/A/Ref:x"]).expect(2),
    );
    for text in ["misbehave@sha256:123", "MISBEHAVE", "misbehave:"] {
        project
            .run(&["inspect", text])
            .expect(2)
            .says(&format!("error: `{text}` is not an image reference: "));
    }
}

#[test]
fn malformed_configuration() {
    let project = project();
    project.write(
        "bakehouse.toml",
        "registry = \"local\"\nnamespace = \"test\"\nmax-versions = 0\n",
    );
    snapshot(
        "malformed_value",
        &project,
        &project.run(&["plan"]).expect(3),
    );
    project.write(
        "bakehouse.toml",
        "registry = \"local\"\nnamespaec = \"test\"\n",
    );
    snapshot("unknown_key", &project, &project.run(&["plan"]).expect(3));
    project.write(
        "bakehouse.toml",
        "registry = \"https://ghcr.io\"\nnamespace = \"test\"\n",
    );
    snapshot(
        "malformed_registry",
        &project,
        &project.run(&["plan"]).expect(3),
    );
    project.write("bakehouse.toml", "registry = \"local\"\n");
    snapshot("no_namespace", &project, &project.run(&["plan"]).expect(3));
    project.write(
        "bakehouse.toml",
        "registry = \"local\"\nnamespace = \"test\"\n",
    );
    project.write(
        "apps/misbehave/app.toml",
        "recipe = \"recipe.wasm\"\n[grants]\nreleases = \"npm:x\"\n",
    );
    snapshot("malformed_app", &project, &project.run(&["plan"]).expect(3));
    std::fs::remove_file(project.path("bakehouse.toml")).unwrap();
    snapshot(
        "no_project",
        &project,
        &project.run(&["plan", "--root", "."]).expect(3),
    );
}

#[test]
fn wasm_that_is_no_recipe() {
    let project = project();
    let wasm = "apps/misbehave/recipe.wasm";
    std::fs::remove_file(project.path(wasm)).unwrap();
    snapshot("missing_wasm", &project, &project.run(&["run"]).expect(5));
    project.write(wasm, "#!/bin/sh\n");
    snapshot("not_wasm", &project, &project.run(&["run"]).expect(5));
    project.write(wasm, wat::parse_str("(module)").unwrap());
    snapshot("core_module", &project, &project.run(&["run"]).expect(5));
    project.write(wasm, b"\0asm\x0d\0\x01\0garbage");
    let output = project.run(&["run"]).expect(5);
    assert!(
        output.stderr.contains("it does not compile"),
        "{}",
        output.stderr
    );
    let other = "(component (import \"bakehouse:recipe/log@0.3.0\" (instance $log))
        (export \"bakehouse:recipe/recipe@0.3.0\" (instance $log)))";
    project.write(wasm, wat::parse_str(other).unwrap());
    snapshot("other_contract", &project, &project.run(&["run"]).expect(5));
    let alien = "(component (import \"alien:ship/laser\" (instance $laser))
        (export \"bakehouse:recipe/recipe@0.1.0\" (instance $laser)))";
    project.write(wasm, wat::parse_str(alien).unwrap());
    snapshot("alien_import", &project, &project.run(&["run"]).expect(5));
    // Of this contract's version, and older than this host.
    let stale = r#"(component
        (core module $module (func (export "f")))
        (core instance $core (instantiate $module))
        (func $f (canon lift (core func $core "f")))
        (instance $recipe
            (export "describe" (func $f)) (export "versions" (func $f))
            (export "matrix" (func $f)) (export "prepare" (func $f)))
        (export "bakehouse:recipe/recipe@0.1.0" (instance $recipe)))"#;
    project.write(wasm, wat::parse_str(stale).unwrap());
    let stale = project.run(&["run"]).expect(5);
    stale
        .says("recipe misbehave does not fit this host's contract: ")
        .says("hint: compile it anew, with the bakehouse-sdk");
    project.write(wasm, wat::parse_str("(component)").unwrap());
    snapshot(
        "no_recipe_in_it",
        &project,
        &project.run(&["run"]).expect(5),
    );
}

#[test]
fn a_value_is_blamed_on_the_variable_that_holds_it() {
    let project = project();
    let with = |name: &str, value: &str, arguments: &[&str]| {
        finish(project.command(arguments).env(name, value))
    };
    for (name, value, says) in [
        ("MAX_VERSIONS", "x", "`x` is not a number of 1 or more"),
        ("MAX_VERSIONS", "0", "`0` is not a number of 1 or more"),
        (
            "BAKEHOUSE_MAX_VERSIONS",
            "-1",
            "`-1` is not a number of 1 or more",
        ),
        (
            "MULTI_ARCH",
            "perhaps",
            "`perhaps` is not one of true, false",
        ),
        ("RETRY_FAILED", "2", "`2` is not one of true, false"),
        (
            "BAKEHOUSE_CACHE",
            "disk",
            "`disk` is not one of none, local, registry, gha",
        ),
        ("BAKEHOUSE_BUILDER", "a b", "a builder's name is letters"),
    ] {
        let output = with(name, value, &["plan"]).expect(2);
        let line = format!("error: environment variable {name}: {says}");
        assert!(output.stderr.starts_with(&line), "{}", output.stderr);
        assert!(!output.stderr.contains("--"), "{}", output.stderr);
    }
    // A flag is told of, whatever a variable says.
    with("MAX_VERSIONS", "x", &["plan", "--max-versions", "x"])
        .expect(2)
        .says("invalid value 'x' for '--max-versions <N>': `x` is not a number of 1 or more");
    for (name, value, says) in [
        ("REGISTRY", "bad host", "`bad host` is not a registry"),
        ("BAKEHOUSE_NAMESPACE", "Foo", "`Foo` is not a namespace"),
    ] {
        with(name, value, &["plan"])
            .expect(3)
            .says(&format!("error: environment variable {name}: {says}\n"));
    }
    project
        .run(&["plan", "--namespace", "Foo"])
        .expect(3)
        .says("error: --namespace: `Foo` is not a namespace\n");
    with("APPS", "misbehave,other", &["plan"])
        .expect(4)
        .says("there is no app `misbehave,other`")
        .says("hint: names are separated by spaces, not by commas");
    for value in ["0", "no", "False", "off"] {
        with("REBUILD", value, &["plan", "--format", "json"])
            .expect(0)
            .says(&format!("environment: REBUILD={value}"));
    }
    let plan = with("REBUILD", "yes", &["plan", "--format", "json"]).expect(0);
    assert!(plan.stdout.contains("\"rebuild\": true"), "{}", plan.stdout);
}

#[test]
fn a_flag_of_no_use_is_told_and_taken() {
    let project = project();
    let status = ["status", "--builder", "nosuch", "--cache", "local"];
    project
        .run(&status)
        .expect(0)
        .says("`bakehouse status` has no use for --builder, --cache\n");
    let mut by_variable = project.command(&["status"]);
    let output = finish(by_variable.env("BAKEHOUSE_BUILDER", "nosuch")).expect(0);
    assert!(!output.stderr.contains("no use"), "{}", output.stderr);
}

#[test]
fn no_builder() {
    let project = project();
    let mut run = project.command(&["run"]);
    run.env("PATH", "/nowhere");
    snapshot("no_buildx", &project, &finish(&mut run).expect(7));
    let mut run = project.command(&["run"]);
    run.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    snapshot("no_engine", &project, &finish(&mut run).expect(7));
    let unknown = project.run(&["run", "--builder", "nobody"]).expect(7);
    assert!(
        unknown
            .stderr
            .contains("error: builder nobody does not answer: "),
        "{}",
        unknown.stderr
    );
}

#[test]
fn no_credentials() {
    let project = project();
    let registry = DebianRegistry::locked();
    let host = registry.host();
    snapshot(
        "no_credentials",
        &project,
        &project.run(&["run", "--registry", &host]).expect(10),
    );
}

#[test]
fn a_damaged_digest_file_is_set_aside_and_its_target_built_again() {
    let project = project();
    let file = project.digest_file("local", "misbehave/1.1.0/misbehave/linux-amd64");
    project.write(&file, "{ half");
    project
        .run(&["run", "--max-versions", "1"])
        .expect(0)
        .says(&format!("{file} cannot be used"))
        .says(&format!("{file}.broken now"));
    // A merge cannot make it anew.
    project.write(&file, "{ half");
    project
        .run(&["merge", "misbehave", "--version", "1.1.0"])
        .expect(3)
        .says(&format!("{file} is not a digest file"))
        .says("hint: build it again");
}
