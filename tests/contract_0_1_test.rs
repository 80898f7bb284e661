//! Recipes that were compiled against version 0.1 of the contract do as they did.
//!
//! The components are kept in `tests/contract/0.1`, the snapshots are what the
//! last program answered that spoke 0.1 alone.

use std::fmt::Write as _;
use std::io::Read as _;

use serde_json::Value;

use crate::support::{
    Builder, DebianRegistry, Forge, Git, Package, Project, Release, Tree, client, crane,
    crane_files, finish, publish, tar_gz,
};

const ESBUILD: &[u8] = include_bytes!("contract/0.1/esbuild.wasm.gz");
const EVERY_IMPORT: &[u8] = include_bytes!("contract/0.1/everyimport.wasm.gz");

/// Adds an app of a recipe that was compiled long ago.
fn add(project: &Project, app: &str, compressed: &[u8], rest: &str) {
    let mut wasm = Vec::new();
    flate2::read::GzDecoder::new(compressed)
        .read_to_end(&mut wasm)
        .unwrap();
    project.write(&format!("apps/{app}/recipe.wasm"), wasm);
    project.write(
        &format!("apps/{app}/app.toml"),
        format!("recipe = \"recipe.wasm\"\n\n[grants]\n{rest}\n"),
    );
}

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(tar_gz(&owned(files)).as_slice())
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

fn owned(files: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), text.as_bytes().to_vec());
    files.iter().map(owned).collect()
}

/// A run's answers; ports become names.
struct Said {
    text: String,
    names: Vec<(String, &'static str)>,
}

impl Said {
    fn add(&mut self, title: &str, text: &str) {
        let text = self.names.iter().fold(text.to_owned(), |text, (from, to)| {
            text.replace(from.as_str(), to)
        });
        writeln!(self.text, "# {title}\n{text}\n").unwrap();
    }
}

/// Labels of each image, without the host's own words for digests.
fn labels(project: &Project, reference: &str) -> String {
    let inspected = project
        .run(&["inspect", reference, "--format", "json"])
        .expect(0)
        .json();
    let labels = |image: &Value| {
        let platform = image["platform"].to_string();
        let labels = serde_json::to_string_pretty(&image["labels"]).unwrap();
        format!("{platform} {}\n{labels}", image["created"])
    };
    let images = inspected["images"].as_array().unwrap().iter().map(labels);
    images.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_import_answers_as_it_did() {
    let registry = DebianRegistry::start();
    let upstream = client(&registry.host());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        publish(&upstream, "1.0.0", 1).await;
        publish(&upstream, "1.1.0", 2).await;
    });
    let git = Git::start();
    let forge = Forge::gitea();
    for (day, version) in ["1.0.0", "1.1.0", "1.2.0-rc1"].into_iter().enumerate() {
        let tag = format!("v{version}");
        let tree = Tree::new().file("build/word", version).file(
            "build/compile.Dockerfile",
            "FROM scratch\nCOPY word /word\n",
        );
        git.release("acme/every", &tag, &tree);
        let tree = [("a/b/one", "1"), ("a/c/two", "2")];
        let release = Release::new(&tag)
            .date(&format!("2025-03-0{}T10:00:00Z", day + 1))
            .notes("Some notes")
            .file("plain", version.as_bytes())
            .file("files.tar", &tar(&tree))
            .file("files.tar.gz", &tar_gz(&owned(&tree)));
        forge.release("acme/every", release);
    }
    forge.release("acme/every", Release::new("nightly"));

    let project = Project::new(Builder::Docker);
    project.platforms(&["linux/amd64", "linux/arm/v7"]);
    let source = format!("gitea:{}/acme/every", forge.host());
    let url = git.url("acme/every");
    let host = registry.host();
    add(
        &project,
        "everyimport",
        EVERY_IMPORT,
        &format!(
            "images = [\"everyimport\", \"everyimport-base\"]\nreleases = [{source:?}]\n\
             sources = [{url:?}]\nbases = [\"{host}/test/app\"]\ndownloads = [\"{}/gone/\"]\n\
             secrets = [\"EVERY_SECRET\"]\nnetwork = true\n\n\
             [options]\nsource = {source:?}\ngit = {url:?}\nimage = \"{host}/test/app:1.1.0\"\n\
             repository = \"{host}/test/app\"\ngone = \"{}/gone/file\"\n",
            forge.url(),
            forge.url(),
        ),
    );
    let mut said = Said {
        text: String::new(),
        names: vec![
            (forge.host(), "FORGE"),
            (url.replace("/acme/every", ""), "GIT"),
            (host, "REGISTRY"),
        ],
    };
    let run = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        finish(command.env("EVERY_SECRET", "hidden-from-all"))
    };
    let plan = run(&["plan", "--format", "json"]).expect(0);
    said.add("plan", &plan.stdout);
    let ran = run(&["run", "--format", "json"]).expect(0).json();
    let warnings = serde_json::to_string_pretty(&ran["targets"]).unwrap();
    let warned = warnings.matches("a warning, for the report").count();
    said.add("warnings", &warned.to_string());
    for image in [
        "everyimport:1.1.0",
        "everyimport:1.2.0-rc1",
        "everyimport-base:1.0.0",
    ] {
        said.add(image, &labels(&project, image));
    }
    // The case is the contract's; the sentence is for people.
    insta::with_settings!({ filters => vec![
        (r#"Some\(Error::(\w+)\(.*\)\)""#, r#"Some(Error::$1)""#),
    ] }, { insta::assert_snapshot!(said.text) });
    let again = run(&["run"]).expect(0);
    assert!(
        again.stdout.contains("nothing to build"),
        "{}",
        again.stdout
    );
}

/// The recipe that esbuild had makes what its app.toml makes since.
#[test]
fn esbuild_makes_the_same_images() {
    const GRANTS: &str = "releases = [\"npm:esbuild\", \"npm:@esbuild/linux-x64\", \"npm:@esbuild/linux-arm64\"]\nimages = [\"esbuild\"]";
    const VERSIONS: [&str; 2] = ["0.27.0", "0.28.0"];
    let images = |old: bool| {
        let project = Project::new(Builder::Docker);
        project.npm.publish("esbuild", Package::new(&VERSIONS));
        for package in ["linux-x64", "linux-arm64"] {
            let files = Package::new(&VERSIONS)
                .file("bin/esbuild", b"#!/bin/sh\n")
                .file("README.md", b"readme");
            project.npm.publish(&format!("@esbuild/{package}"), files);
        }
        match old {
            true => add(&project, "esbuild", ESBUILD, GRANTS),
            false => project.real("esbuild"),
        }
        project.run(&["recipe", "check", "esbuild"]).expect(0);
        let registry = DebianRegistry::start();
        let host = registry.host();
        project.run(&["run", "--registry", &host]).expect(0);
        let mut images = Vec::new();
        for tag in VERSIONS.iter().chain(&["latest"]) {
            for platform in ["linux/amd64", "linux/arm64"] {
                let reference = format!("{host}/test/esbuild:{tag}");
                let config = crane(&["config", "--platform", platform, &reference]);
                let config: Value = serde_json::from_str(&config).unwrap();
                let (created, config) = (config["created"].clone(), config["config"].clone());
                images.push((created, config, crane_files(&reference, platform)));
            }
        }
        images
    };
    let old = images(true);
    let (_, config, files) = &old[0];
    assert_eq!(config["User"], "65532:65532");
    assert!(files.contains_key("usr/local/share/esbuild/package.json"));
    assert_eq!(old, images(false));
}
