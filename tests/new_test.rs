//! Apps that are written of what upstream publishes: npm, `PyPI`, the three forges,
//! git, and images.

use std::collections::BTreeMap;

use bakehouse_loopback::{elf, tar_gz};
use serde_json::json;

use crate::support::{
    Builder, DebianRegistry, Forge, Git, Output, Package, Project, PyPi, Release, Tree, crane,
    finish, published,
};

fn project() -> Project {
    Project::new(Builder::Docker)
}

/// Runs `new`, without an engine.
fn new(project: &Project, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let arguments = [&["new"], arguments, &["--yes"]].concat();
    let mut command = project.command(&arguments);
    command.envs(variables.iter().copied());
    finish(&mut command)
}

/// The app.toml that was written, but for the line by which editors find its schema.
#[track_caller]
fn written(project: &Project, app: &str, output: &Output) -> String {
    let path = project.path(&format!("apps/{app}/app.toml"));
    let text = std::fs::read_to_string(path).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(
        output
            .stdout
            .contains(&format!("wrote apps/{app}/app.toml"))
    );
    assert!(project.path("schemas/app.json").is_file());
    let text = text.strip_prefix("#:schema ../../schemas/app.json\n");
    text.unwrap().to_owned()
}

#[test]
fn a_program_that_npm_ships_for_each_platform() {
    let project = project();
    published::biome(&project.npm);
    let output = new(&project, &["biome", "--from", "npm:@biomejs/biome"], &[]);
    insta::assert_snapshot!(written(&project, "biome", &output), @r#"
    recipe = "bakehouse:binaries"

    [options]
    source = "npm:@biomejs/biome"
    license = "MIT OR Apache-2.0"
    summary = "Biome is a toolchain for the web"
    sources = { "linux/amd64" = "npm:@biomejs/cli-linux-x64-musl", "linux/arm64" = "npm:@biomejs/cli-linux-arm64-musl" }

    [grants]
    images = ["biome"]
    releases = ["npm:@biomejs/biome", "npm:@biomejs/cli-linux-x64-musl", "npm:@biomejs/cli-linux-arm64-musl"]
    "#);
    let readme = std::fs::read_to_string(project.path("apps/biome/README.md")).unwrap();
    assert!(readme.contains("linux/amd64 and linux/arm64"), "{readme}");
    new(&project, &["biome", "--from", "npm:@biomejs/biome"], &[])
        .expect(3)
        .says("apps/biome exists");
}

/// `--recipe rust` writes what `tests/recipes/biome` is, as a unit test holds.
#[test]
fn the_crate_that_is_written_publishes_the_same() {
    let project = Project::new(Builder::BuildKit);
    published::biome(&project.npm);
    let sources = ["npm:@biomejs/biome", "npm:@biomejs/*"];
    project.app(
        "biome",
        &format!("images = [\"biome\"]\nreleases = {sources:?}"),
    );
    let run = project.run(&["run", "biome", "--max-versions", "1"]);
    let run = run.expect(0);
    for platform in ["linux/amd64", "linux/arm64"] {
        let pushed = format!("biome 2.3.8 {platform}: pushed sha256:");
        assert!(run.stderr.contains(&pushed), "{}", run.stderr);
    }
    let seen = project.run(&["inspect", "biome:latest", "--format", "json"]);
    let images = seen.expect(0).json()["images"].clone();
    for image in images.as_array().unwrap() {
        assert_eq!(image["entrypoint"][0], "/usr/local/bin/biome");
        assert_eq!(image["user"], "65532:65532");
    }
}

#[test]
fn a_package_without_programs_is_told_and_nothing_is_written() {
    let project = project();
    let plain = Package::new(&["1.0.0"]).file("index.js", b"1");
    project.npm.publish("plain", plain);
    new(&project, &["plain", "--from", "npm:plain"], &[])
        .expect(12)
        .says("holds no program for linux/amd64; it holds")
        .says("package/index.js");
    assert!(!project.path("apps/plain").exists());
}

#[test]
fn a_program_for_another_machine_is_not_taken() {
    let project = project();
    let facts = |cpu: &str| json!({ "os": ["linux"], "cpu": [cpu] });
    for (cpu, machine) in [("x64", "amd64"), ("arm64", "amd64")] {
        let part = Package::new(&["1.0.0"]).file("tool", &elf(machine, "x", Some(0)));
        project
            .npm
            .publish(&format!("tool-linux-{cpu}"), part.facts(facts(cpu)));
    }
    let parts = json!({ "tool-linux-x64": "1.0.0", "tool-linux-arm64": "1.0.0" });
    let tool = Package::new(&["1.0.0"]).facts(json!({ "optionalDependencies": parts }));
    project.npm.publish("tool", tool);
    let output = new(&project, &["tool", "--from", "npm:tool"], &[]);
    let text = written(&project, "tool", &output);
    assert!(
        text.contains("\"linux/amd64\"") && !text.contains("\"linux/arm64\""),
        "{text}"
    );
    output.says("holds no program for linux/arm64; it holds package/tool for amd64");
}

#[test]
fn a_package_that_has_not_the_version_yet_is_named() {
    let project = project();
    // As `dprint` has them: each platform's for two libraries. Those for arm64 are behind.
    let part = |cpu: &str, libc: &str| format!("@tool/linux-{cpu}-{libc}");
    let publish = |cpu: &str, machine: &str, version: &str| {
        for libc in ["glibc", "musl"] {
            let facts = json!({ "os": ["linux"], "cpu": [cpu], "libc": [libc] });
            let package = Package::new(&[version]).facts(facts);
            let package = package.file("tool", &elf(machine, "x", None));
            project.npm.publish(&part(cpu, libc), package);
        }
    };
    publish("arm64", "arm64", "1.0.0");
    let parts: BTreeMap<_, _> = [
        ("x64", "glibc"),
        ("x64", "musl"),
        ("arm64", "glibc"),
        ("arm64", "musl"),
    ]
    .iter()
    .map(|(cpu, libc)| (part(cpu, libc), "1.0.1"))
    .collect();
    let tool = Package::new(&["1.0.1"]).facts(json!({ "optionalDependencies": parts }));
    project.npm.publish("tool", tool);
    publish("x64", "amd64", "1.0.0");
    new(&project, &["tool", "--from", "npm:tool"], &[])
        .expect(12)
        .says("npm:tool 1.0.1 has its programs in packages that have no 1.0.1: npm:@tool/linux-arm64-glibc, ")
        .says("run the same command later");
    assert!(!project.path("apps/tool").exists());

    publish("x64", "amd64", "1.0.1");
    let output = new(&project, &["tool", "--from", "npm:tool"], &[]);
    let text = written(&project, "tool", &output);
    assert!(
        text.contains("\"linux/amd64\" = \"npm:@tool/linux-x64-musl\"") && !text.contains("arm64"),
        "{text}"
    );
    output.says(
        "note: there is no 1.0.1 of npm:@tool/linux-arm64-glibc or npm:@tool/linux-arm64-musl for linux/arm64: \
         when there is, add it to `sources` and `releases`",
    );
}

/// A release with a program for each platform, in the usual form.
fn release(tag: &str) -> Release {
    let version = tag.trim_start_matches('v');
    let mut release = Release::new(tag);
    let mut sums = String::new();
    for architecture in ["amd64", "arm64"] {
        let name = format!("tool_{version}_linux_{architecture}.tar.gz");
        let program = elf(architecture, "tool", Some(0));
        let files = [
            ("tool".to_owned(), program),
            ("LICENSE".to_owned(), b"MIT".to_vec()),
        ];
        let bytes = tar_gz(&files);
        let digest = <sha2::Sha256 as sha2::Digest>::digest(&bytes);
        sums += &format!("{}  {name}\n", hex::encode(digest));
        release = release
            .file(&name, &bytes)
            .file(&format!("{name}.sbom.json"), b"{}");
    }
    let other = format!("tool_{version}_darwin_arm64.tar.gz");
    release
        .file(&other, b"x")
        .file(&format!("tool_{version}_checksums.txt"), sums.as_bytes())
}

#[test]
fn a_release_of_a_forge_is_named_by_pattern() {
    let project = project();
    let forge = Forge::github();
    forge.release("acme/tool", release("v1.2.3"));
    let api = forge.api_url();
    let from = ["tool", "--from", "github:acme/tool"];
    let output = new(&project, &from, &[("GITHUB_API_URL", &api)]);
    insta::assert_snapshot!(written(&project, "tool", &output), @r#"
    recipe = "bakehouse:binaries"

    [options]
    source = "github:acme/tool"
    license = "MIT"
    summary = "Does it"
    file = "tool_{version}_linux_{arch}.tar.gz"
    checksums = "tool_{version}_checksums.txt"

    [grants]
    images = ["tool"]
    releases = ["github:acme/tool"]
    "#);
    for (kind, forge) in [("gitea", Forge::gitea()), ("gitlab", Forge::gitlab())] {
        forge.release("acme/tool", release("v1.2.3"));
        let from = format!("{kind}:{}/acme/tool", forge.host());
        let output = new(&project, &[kind, "--from", &from], &[]);
        let text = written(&project, kind, &output);
        assert!(text.contains("member = \"tool\"\n"), "{text}");
    }
}

#[test]
fn a_release_without_programs_lists_what_it_has() {
    let project = project();
    let forge = Forge::github();
    let signed = Release::new("v4.0.1").file("helm-v4.0.1-linux-amd64.tar.gz.asc", b"x");
    forge.release("helm/helm", signed);
    let api = forge.api_url();
    new(
        &project,
        &["helm", "--from", "github:helm/helm"],
        &[("GITHUB_API_URL", &api)],
    )
    .expect(12)
    .says("it has helm-v4.0.1-linux-amd64.tar.gz.asc")
    .says("--recipe dockerfile");
    assert!(!project.path("apps/helm").exists());
}

const DOCKERFILE: &str = "FROM golang:1.25 AS build\nARG TARGETOS TARGETARCH\nCOPY . .\n\
    RUN GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /app .\n\
    FROM gcr.io/distroless/static:nonroot\nCOPY --from=build /app /app\n";

#[test]
fn a_repositorys_dockerfile_says_what_it_needs() {
    let project = project();
    let git = Git::start();
    let tree = Tree::new()
        .file("docker/Dockerfile", DOCKERFILE)
        .file("LICENSE", include_str!("../LICENSE"));
    git.release("acme/server", "v1.0.0", &tree);
    let address = git.url("acme/server");
    let from = format!("git:{address}");
    let output = new(&project, &["server", "--from", &from], &[]);
    let text = written(&project, "server", &output).replace(&address, "ADDRESS");
    insta::assert_snapshot!(text, @r#"
    recipe = "bakehouse:dockerfile"

    [options]
    repository = "ADDRESS"
    license = "Apache-2.0"
    dockerfile = "docker/Dockerfile"
    build-stages = ["build"]
    network = true

    [grants]
    images = ["server"]
    releases = ["git:ADDRESS"]
    sources = ["ADDRESS"]
    bases = ["docker.io/library/golang", "gcr.io/distroless/static"]
    network = true
    "#);
    output.says("stage `build` cross-compiles");
    git.release("acme/none", "v1.0.0", &Tree::new().file("main.go", "x"));
    let from = format!("git:{}", git.url("acme/none"));
    new(&project, &["none", "--from", &from], &[])
        .expect(12)
        .says("it has main.go");
}

#[test]
fn a_wheel_says_its_licence() {
    let project = project();
    let index = PyPi::start();
    published::ruff(&index);
    let pip = index.url();
    let from = ["ruff", "--from", "pypi:ruff"];
    let output = new(&project, &from, &[("PIP_INDEX_URL", &pip)]);
    insta::assert_snapshot!(written(&project, "ruff", &output), @r#"
    recipe = "bakehouse:binaries"

    [options]
    source = "pypi:ruff"
    license = "MIT"
    summary = "An extremely fast Python linter and code formatter, written in Rust"
    file = "ruff-{version}-py3-none-musllinux_1_2_{arch}.whl"

    [grants]
    images = ["ruff"]
    releases = ["pypi:ruff"]
    "#);
    let readme = std::fs::read_to_string(project.path("apps/ruff/README.md")).unwrap();
    assert!(readme.contains("<https://docs.astral.sh/ruff>"), "{readme}");
}

/// An image for amd64 alone, with labels.
fn labelled(reference: &str, labels: &[(&str, &str)]) {
    let layer = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(layer.path(), tar_gz(&[("x".to_owned(), Vec::new())])).unwrap();
    let path = layer.path().to_str().unwrap();
    crane(&["append", "--new_layer", path, "--new_tag", reference]);
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, text)| format!("--label=org.opencontainers.image.{name}={text}"))
        .collect();
    let mut mutate = vec![
        "mutate",
        reference,
        "--set-platform=linux/amd64",
        "--tag",
        reference,
    ];
    mutate.extend(pairs.iter().map(String::as_str));
    crane(&mutate);
}

#[test]
fn an_image_leads_to_what_it_is_made_of() {
    let project = project();
    let git = Git::start();
    let tree = Tree::new().file("Dockerfile", DOCKERFILE);
    git.release("acme/server", "v1.0.0", &tree);
    let address = git.url("acme/server");
    let registry = DebianRegistry::start();
    let image = format!("{}/acme/server", registry.host());
    labelled(
        &format!("{image}:1.0.0"),
        &[
            ("source", &format!("{address}.git")),
            ("revision", "0123456789abcdef0123456789abcdef01234567"),
            ("licenses", "Apache-2.0"),
            ("description", "Serves"),
        ],
    );
    let from = format!("oci:{image}");
    let output = new(&project, &["server", "--from", &from], &[]);
    let text = written(&project, "server", &output);
    for line in [
        format!("repository = \"{address}\"\n"),
        "license = \"Apache-2.0\"\n".to_owned(),
        "summary = \"Serves\"\n".to_owned(),
    ] {
        assert!(text.contains(&line), "{text}");
    }
    output
        .says(&format!(
            "{image}:1.0.0 has linux/amd64, and lacks linux/arm64; it says that it is made of git:{address}"
        ))
        .says("is made of commit 0123456789abcdef0123456789abcdef01234567, and v1.0.0 is ");

    labelled(&format!("{image}-plain:2.0.0"), &[("title", "Plain")]);
    new(&project, &["plain", "--from", &format!("{from}-plain")], &[])
        .expect(12)
        .says("-plain:2.0.0 has linux/amd64, lacks linux/arm64, and no label that says where its source is")
        .says("hint: name upstream's repository (git:)");
    new(&project, &["plain", "--from", &format!("{from}-none")], &[]).expect(6);
}

#[test]
fn flags_say_what_is_not_looked_for() {
    let project = project();
    let forge = Forge::gitea();
    let program = |machine: &str| {
        let files = ["a", "b"].map(|name| (format!("dist/{name}"), elf(machine, name, Some(0))));
        tar_gz(&files)
    };
    let release = |tag: &str| {
        Release::new(tag)
            .file("tool-linux-amd64.tar.gz", &program("amd64"))
            .file("tool-full-linux-amd64.tar.gz", &program("amd64"))
            .file("tool-full-linux-arm64.tar.gz", &program("arm64"))
    };
    forge.release("acme/tool", release("lib-9.0.0"));
    forge.release("acme/tool", release("tool-1.2.3"));
    let from = format!("gitea:{}/acme/tool", forge.host());
    let flags = [
        "--license=MPL-2.0",
        "--summary=Says it",
        "--platforms=linux/amd64",
        "--tag=tool-{version}",
        "--file=tool-full-{os}-{arch}.tar.gz",
        "--member=dist/b",
        "--base=gcr.io/distroless/static:nonroot",
    ];
    let arguments = [&["tool", "--from", &from][..], &flags].concat();
    let output = new(&project, &arguments, &[]);
    let text = written(&project, "tool", &output).replace(&from, "gitea:FORGE");
    insta::assert_snapshot!(text, @r#"
    recipe = "bakehouse:binaries"

    [options]
    source = "gitea:FORGE"
    tag = "tool-{version}"
    license = "MPL-2.0"
    summary = "Says it"
    file = "tool-full-{os}-{arch}.tar.gz"
    platforms = ["linux/amd64"]
    member = "dist/b"
    base = "gcr.io/distroless/static:nonroot"

    [grants]
    images = ["tool"]
    releases = ["gitea:FORGE"]
    bases = ["gcr.io/distroless/static"]
    "#);
    let readme = std::fs::read_to_string(project.path("apps/tool/README.md")).unwrap();
    assert!(readme.contains("tool:1.2.3"), "{readme}");

    // Without them it names what it would have to be told.
    let plain = ["other", "--from", &from, "--tag=tool-{version}"];
    new(&project, &plain, &[])
        .expect(12)
        .says("tool-linux-amd64.tar.gz holds several programs for linux/amd64: dist/a, dist/b")
        .says("--member");
}

#[test]
fn what_cannot_be_an_app_is_told_before_anything_is_reached() {
    let project = project();
    new(&project, &["Bad", "--from", "npm:x"], &[])
        .expect(3)
        .says("`Bad` is no name for an app");
    new(&project, &["x", "--from", "svn:x"], &[])
        .expect(3)
        .says("is not a release source")
        .says("hint: name one of these with --from");
    let page = ["x", "--from", "https://github.com/acme/app/releases"];
    new(&project, &page, &[])
        .expect(3)
        .says("hint: did you mean --from github:acme/app?");
    new(
        &project,
        &["x", "--from", "npm:x", "--recipe", "dockerfile"],
        &[],
    )
    .expect(3)
    .says("`--recipe dockerfile` is not for npm:x");
    new(&project, &["x", "--from", "npm:x", "--recipe", "rust"], &[])
        .expect(3)
        .says("no crate `sdk`");
    new(&project, &["x", "--from", "npm:x"], &[]).expect(6);
    let apps = std::fs::read_dir(project.path("apps")).unwrap();
    assert_eq!(apps.count(), 0);
}
