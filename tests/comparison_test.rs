//! The comparison of docs/comparison.md: `examples/comparison`, run for real.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::snippets::root;
use crate::support::{Builder, DebianRegistry, PLATFORMS, Project, crane, tool};
use crate::workflow_test::{esbuild, finds_nothing};

const ARCHITECTURES: [(&str, &str); 2] = [(PLATFORMS[0], "X64"), (PLATFORMS[1], "ARM64")];

fn example() -> PathBuf {
    root().join("examples/comparison")
}

/// Runs to its end; what it printed.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {why}");
    String::from_utf8(output.stdout).unwrap()
}

/// `docker-buildx` with the daemon of the tests, in the example's folder.
fn buildx(arguments: &[&str]) -> Command {
    let mut command = Command::new(tool("docker-buildx"));
    command.args(arguments).current_dir(example());
    command.env("BUILDX_BUILDER", "bakehouse");
    command
}

/// The tags of an image, each with the platforms that it has; `imagetools` orders
/// them by digest here.
fn published(image: &str) -> Vec<(String, Vec<String>)> {
    let platforms = |tag: &str| {
        let manifest = crane(&["manifest", &format!("{image}:{tag}")]);
        let index: Value = serde_json::from_str(&manifest).unwrap();
        let images = index["manifests"].as_array().unwrap().iter();
        let name = |entry: &Value| {
            entry["platform"]["architecture"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        // What attests is of no platform.
        let names = images.map(name).filter(|name| name != "unknown");
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    };
    let tags = crane(&["ls", image]);
    let mut all: Vec<_> = tags
        .lines()
        .map(|tag| (tag.to_owned(), platforms(tag)))
        .collect();
    all.sort();
    all
}

fn both(tags: &[&str]) -> Vec<(String, Vec<String>)> {
    let platforms = || vec!["amd64".to_owned(), "arm64".to_owned()];
    tags.iter()
        .map(|tag| ((*tag).to_owned(), platforms()))
        .collect()
}

#[test]
fn bake_publishes_the_versions_that_it_is_told() {
    let project = Project::new(Builder::BuildKit);
    esbuild(&project);
    let registry = DebianRegistry::start();
    let image = format!("{}/test/esbuild", registry.host());
    let bake = |arguments: &[&str]| {
        let mut command = buildx(&[&["bake"], arguments].concat());
        command.env("IMAGE", &image);
        command
    };
    let printed = run(bake(&["--print"]).envs([("VERSIONS", "1.0.0,0.9.0"), ("LATEST", "1.0.0")]));
    let printed: Value = serde_json::from_str(&printed).unwrap();
    let target = &printed["target"]["esbuild-1-0-0"];
    assert_eq!(
        target["tags"],
        serde_json::json!([format!("{image}:1.0.0"), format!("{image}:latest")])
    );
    assert_eq!(
        printed["target"]["esbuild-0-9-0"]["tags"],
        serde_json::json!([format!("{image}:0.9.0")])
    );
    let none = bake(&["--print"]).output().unwrap();
    let why = String::from_utf8_lossy(&none.stderr);
    assert!(
        !none.status.success() && why.contains("Set VERSIONS"),
        "{why}"
    );

    let npm = format!("*.args.NPM={}", project.npm.url().trim_end_matches('/'));
    run(bake(&["--set", &npm]).envs([("VERSIONS", "1.0.0"), ("LATEST", "1.0.0")]));
    assert_eq!(published(&image), both(&["1.0.0", "latest"]));
}

/// A job's steps that are scripts, one after the other; what they left in
/// `$GITHUB_OUTPUT`.
fn scripts(job: &Value, folder: &Path, env: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let outputs = folder.join("output");
    for step in job["steps"].as_array().unwrap() {
        let Some(script) = step["run"].as_str() else {
            continue;
        };
        let inner = step["working-directory"].as_str().unwrap_or(".");
        let mut bash = Command::new("bash");
        bash.args(["-eo", "pipefail", "-c", script])
            .current_dir(folder.join(inner))
            .envs(env)
            .env("BUILDX_BUILDER", "bakehouse")
            .env("GITHUB_OUTPUT", &outputs);
        run(&mut bash);
    }
    let text = std::fs::read_to_string(outputs).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A folder on PATH whose `docker buildx` is the plugin, as Docker's own calls it.
fn docker(folder: &Path) -> String {
    let bin = folder.join("bin");
    std::fs::create_dir(&bin).unwrap();
    let plugin = tool("docker-buildx");
    let script = format!("#!/bin/sh\nshift\nexec {} \"$@\"\n", plugin.display());
    let program = bin.join("docker");
    std::fs::write(&program, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

#[test]
fn the_workflow_publishes_what_is_missing() {
    finds_nothing(
        "actionlint",
        &["-no-color", "-oneline", ".github/workflows/esbuild.yml"],
        &example(),
    );

    let zizmor = [
        "--offline",
        "--no-progress",
        "--color=never",
        "--persona=auditor",
    ];
    let collected = ["--strict-collection", ".github/workflows"];
    finds_nothing("zizmor", &[&zizmor[..], &collected].concat(), &example());

    let text = std::fs::read_to_string(example().join(".github/workflows/esbuild.yml")).unwrap();
    let workflow: Value = yaml_serde::from_str(&text).unwrap();
    let jobs = &workflow["jobs"];
    let project = Project::new(Builder::BuildKit);
    esbuild(&project);
    let registry = DebianRegistry::start();
    let image = format!("{}/test/esbuild", registry.host());
    let place = tempfile::tempdir().unwrap();
    let npm = project.npm.url().trim_end_matches('/').to_owned();
    let mut env = BTreeMap::from([
        ("IMAGE".to_owned(), image.clone()),
        ("NPM".to_owned(), npm.clone()),
        ("PATH".to_owned(), docker(place.path())),
    ]);
    let folder = |name: &str| {
        let folder = place.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    };

    let plan = scripts(&jobs["plan"], &folder("plan"), &env);
    assert_eq!(plan["missing"], "[\"1.0.0\"]");
    assert_eq!(plan["newest"], "1.0.0");

    // The action hands its inputs to `docker buildx build`.
    let step = jobs["build"]["steps"].as_array().unwrap().iter();
    let step = step.clone().find(|step| step["id"] == "build").unwrap();
    let with = |name: &str, platform: &str| {
        let text = step["with"][name].as_str().unwrap();
        text.replace("${{ matrix.platform }}", platform)
            .replace("${{ matrix.version }}", "1.0.0")
            .replace("${{ env.IMAGE }}", &image)
    };
    let merge = folder("merge");
    for (platform, architecture) in ARCHITECTURES {
        let job = folder(architecture);
        let metadata = job.join("metadata.json");
        let [platforms, arguments, output] =
            ["platforms", "build-args", "outputs"].map(|name| with(name, platform));
        let npm = format!("NPM={npm}");
        run(buildx(&[
            "build",
            "--platform",
            &platforms,
            "--build-arg",
            &arguments,
            "--output",
            &output,
        ])
        .args(["--build-arg", &npm, "--metadata-file"])
        .arg(&metadata)
        .arg(with("context", platform)));
        let metadata: Value = serde_json::from_slice(&std::fs::read(metadata).unwrap()).unwrap();
        let digest = metadata["containerimage.digest"].as_str().unwrap();
        env.insert("DIGEST".to_owned(), digest.to_owned());
        scripts(&jobs["build"], &job, &env);
        let copied = Command::new("cp")
            .arg("-R")
            .args([&job.join("digests"), &merge])
            .status();
        assert!(copied.unwrap().success());
    }

    env.insert("VERSION".to_owned(), "1.0.0".to_owned());
    env.insert("NEWEST".to_owned(), plan["newest"].clone());
    scripts(&jobs["merge"], &merge, &env);
    assert_eq!(published(&image), both(&["1.0.0", "latest"]));

    let plan = scripts(&jobs["plan"], &folder("next day"), &env);
    assert_eq!(plan["missing"], "[]");
}
