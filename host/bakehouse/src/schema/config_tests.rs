//! TOML files against their schemas, and against the parsers: both take the same.

use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::Value;

use super::generate;
use crate::config::docs_tests::snippets;
use crate::config::{AppFile, ProjectFile};

fn validator(name: &str) -> Validator {
    jsonschema::draft202012::new(generate::of(name).as_value()).unwrap()
}

/// A TOML file as JSON, which is all that a schema knows.
fn json(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    serde_json::to_value(table).unwrap()
}

/// The fault that a schema finds.
fn fault(validator: &Validator, text: &str) -> Option<String> {
    let json = json(text);
    let faults = validator.iter_errors(&json);
    let faults = faults.map(|error| format!("{}: {error}", error.instance_path()));
    let faults: Vec<String> = faults.collect();
    (!faults.is_empty()).then(|| faults.join("; "))
}

/// The files of this name below folders that hold projects.
fn files(name: &str) -> Vec<PathBuf> {
    let root = snippets::root();
    let mut found = Vec::new();
    let mut folders = ["apps", "release", "examples"]
        .map(|folder| root.join(folder))
        .to_vec();
    found.extend(Some(root.join(name)).filter(|path| path.is_file()));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with(name) {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn every_file_of_the_repository_fits() {
    for (name, file, least) in [("project", "bakehouse.toml", 2), ("app", "app.toml", 5)] {
        let validator = validator(name);
        let found = files(file);
        assert!(found.len() >= least, "{found:?}");
        for path in found {
            // Whoever releases it is filled in.
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.replace("\"OWNER\"", "\"owner\"");
            assert_eq!(fault(&validator, &text), None, "{}", path.display());
        }
    }
}

#[test]
fn every_file_of_the_documentation_fits() {
    let (project, app) = (validator("project"), validator("app"));
    let mut checked = 0;
    for snippet in snippets::snippets() {
        let validator = match snippet.file.as_deref() {
            Some("bakehouse.toml") => &project,
            _ if snippet.app().is_some() && snippet.original().is_none() => &app,
            _ => continue,
        };
        if snippet.language != "toml" {
            continue;
        }
        checked += 1;
        assert_eq!(fault(validator, &snippet.text), None, "{}", snippet.place);
    }
    assert!(checked >= 12, "{checked}");
}

/// Lines of `bakehouse.toml` that are taken.
const PROJECT: &[&str] = &[
    "",
    "registry = \"local\"",
    "registry = \"localhost\"",
    "registry = \"ghcr.io\"",
    "registry = \"registry:5000\"",
    "registry = \"127.0.0.1:5000\"",
    "namespace = \"acme/mirrors\"",
    "namespace = \"a__b/c.d/e--f\"",
    "platforms = [\"linux/amd64\", \"linux/arm/v7\"]",
    "multi-arch = false\nuse-qemu = true\nprovenance = true",
    "max-versions = 3\nconcurrency = 4",
    "cache = \"gha\"",
    "builder = \"a\"",
    "builder = [\"linux/arm64=far\", \"a\"]",
    "builder = []",
    "[runners]\n\"linux/arm64\" = \"ubuntu-24.04-arm\"",
    "[limits]\ncpu-seconds = 1\nidle-seconds = 2\nmemory-mib = 3\ncalls = 4\ntree-mib = 5\ntree-files = 6\nimage-mib = 7",
    "[keep]\nruns = 1\nruns-days = 2\nruns-mib = 3\ndownloads-mib = 4",
    "[alarms]\nbehind-days = 0\nfailures = 0\nfewer = false",
    "[allow]\nreleases = [\"npm:esbuild\"]\nnetwork = false",
    "[allow]\nreleases = [\"github:acme/*\", \"npm:*\"]\nsources = [\"https://git.example/acme/\", \"https://git.example/a/b\"]",
    "[allow]\ndownloads = [\"https://h.example/\", \"https://h.example/a/*\"]\nbases = [\"golang\", \"ghcr.io/a/*\", \"a/b:1@sha256:0000000000000000000000000000000000000000000000000000000000000000\"]",
    "[allow]\nsecrets = [\"NPM_TOKEN\"]\nimages = [\"a\"]",
    "[mirrors]\n\"https://github.com/\" = \"https://mirror.example/github/\"",
    "[mirrors]\n\"docker.io/\" = \"mirror.example:5000/hub/\"\n\"localhost/\" = \"docker.io/\"",
    "[build]\nca = \"company.pem\"",
    "[build.proxy]\nhttp = \"http://user:p@proxy.example:3128\"\nhttps = \"$PROXY\"\nno-proxy = \"localhost,.corp.example,10.0.0.0/8,[::1]\"",
    "[build.mirrors]\nnpm = \"https://npm.example/repository/all/\"\ngo = \"https://a.example|https://b.example,off\"\ngo-sumdb = \"off\"",
    "[build.mirrors]\ncargo = \"sparse+https://cargo.example/index/\"\npypi = \"https://pypi.example/simple\"\ngo = \"$GO\"",
    "[ci]\nuses = \"acme/bakehouse@0123 # v1.2.3\"\nprogram = \"source\"\nname = \"images\"\nschedule = [\"0 1 * * *\", \"*/15 9-17 * * MON-FRI\"]",
    "[ci]\nuses = \"./\"\nschedule = []\nrunner = \"self-hosted\"\nsetup = \"echo a\\necho b\"\nsecrets = [\"GITLAB_TOKEN\"]\njob-minutes = 5\npull-requests = \"comment\"",
    "[ci]\nstatus = \"branch:site/status.v1\"\nschedule = \"0 1 * * *\"",
    "[ci]\nstatus = \"pages\"",
];

/// Lines of `bakehouse.toml` that are refused.
const NO_PROJECT: &[&str] = &[
    "regsitry = \"local\"",
    "registry = \"https://ghcr.io\"",
    "registry = \"ghcr\"",
    "registry = \"\"",
    "registry = 1",
    "namespace = \"Acme/x\"",
    "namespace = \"a//b\"",
    "namespace = \"a_-b\"",
    "platforms = [\"linux\"]",
    "platforms = [\"linux/AMD64\"]",
    "platforms = \"linux/amd64\"",
    "max-versions = \"many\"",
    "max-versions = 0",
    "concurrency = -1",
    "multi-arch = \"yes\"",
    "cache = \"s3\"",
    "builder = \"\"",
    "builder = [\"linux/arm64=\"]",
    "builder = \"--x\"",
    "builder = \"arm=a\"",
    "[runners]\n\"linux/arm64\" = \"\"",
    "[runners]\n\"linux/arm64\" = \"${{ x }}\"",
    "[runners]\narm64 = \"a\"",
    "[limits]\nmemory = 3",
    "[limits]\ncalls = -1",
    "[keep]\nruns = \"1\"",
    "[alarms]\nfewer = 1",
    "[allow]\nbase = []",
    "[allow]\nplatforms = []",
    "[allow]\nreleases = [\"esbuild\"]",
    "[allow]\nreleases = [\"npm:a*\"]",
    "[allow]\nreleases = [\"*\"]",
    "[allow]\ndownloads = [\"https://h.example\"]",
    "[allow]\ndownloads = [\"https://h.example/a?b/\"]",
    "[allow]\ndownloads = [\"ftp://h.example/\"]",
    "[allow]\nsources = [\"https://u@h.example/a\"]",
    "[allow]\nsources = [\"https://h.example/ a\"]",
    "[allow]\nsecrets = [\"A-B\"]",
    "[allow]\nsecrets = [\"1A\"]",
    "[allow]\nimages = [\"a*\"]",
    "[allow]\nbases = [\"a b\"]",
    "[mirrors]\n\"https://github.com\" = \"https://mirror.example/\"",
    "[mirrors]\n\"https://github.com/\" = \"mirror.example/\"",
    "[mirrors]\n\"golang\" = \"mirror.example/golang/\"",
    "[mirrors]\n\"docker.io/\" = \"mirror/\"",
    "[build]\nca = 1",
    "[build]\nproxy = \"http://a.example\"",
    "[build.proxy]\nhttp = \"proxy:3128\"",
    "[build.proxy]\nno-proxy = \"a b\"",
    "[build.mirrors]\nnpm = \"npm.example\"",
    "[build.mirrors]\nnpm = \"ftp://npm.example\"",
    "[build.mirrors]\nnpm = \"https://a b\"",
    "[build.mirrors]\nnpm = \"$A-B\"",
    "[build.mirrors]\nnmp = \"https://a.example\"",
    "[build.mirrors]\ngo = \"https://a.example,indirect\"",
    "[build.mirrors]\ngo-sumdb = \"\"",
    "[build.mirrors]\ncargo = \"sparse+ssh://a\"",
    "[build.mirrors]\ncargo = \"sparse+https://a.example/\\\"x\"",
    "[ci]\nuses = \"acme/bakehouse\"",
    "[ci]\nuses = \"acme/x/bakehouse@v1\"",
    "[ci]\nuses = \"acme/bakehouse@v1\\nx: y\"",
    "[ci]\nschedule = \"daily\"",
    "[ci]\nschedule = \"60 1 * * *\"",
    "[ci]\nschedule = \"0 24 * * *\"",
    "[ci]\nschedule = \"0 1 * *\"",
    "[ci]\nschedule = \"0 1 0 * *\"",
    "[ci]\nschedule = \"*/0 1 * * *\"",
    "[ci]\nschedule = [\"0 1 * * *\", \"\"]",
    "[ci]\nschedule = 1",
    "[ci]\nname = \"\"",
    "[ci]\nname = \"a\\nb\"",
    "[ci]\nrunner = \"${{ inputs.x }}\"",
    "[ci]\nsecrets = [\"A-B\"]",
    "[ci]\nsecrets = [\"GITHUB_TOKEN\"]",
    "[ci]\njob-minutes = 0",
    "[ci]\nstatus = \"page\"",
    "[ci]\nstatus = \"branch:\"",
    "[ci]\nstatus = \"branch:a b\"",
    "[ci]\nstatus = \"branch:-f\"",
    "[ci]\nstatus = \"branch:a/../b\"",
    "[ci]\nstatus = \"branch:a.lock\"",
    "[ci]\nstatus = \"branch:a//b\"",
    "[ci]\nprogram = \"other\"",
    "[ci]\npull-requests = true",
    "[ci]\nother = 1",
];

/// Files `app.toml` that are taken.
const APP: &[&str] = &[
    "recipe = \"a.wasm\"",
    "recipe = \"a/b.wasm\"",
    "recipe = \"plugins/outline\"",
    "recipe = \"bakehouse:binaries\"",
    "recipe = \"a.wasm\"\n[tags]\nmoving = []",
    "recipe = \"a.wasm\"\n[tags]\nmoving = [\"latest\", \"{major}\", \"v{major}.{minor}\", \"{major}-lts\"]",
    "recipe = \"a.wasm\"\n[options]\nanything = [1, { a = true }]",
    "recipe = \"a.wasm\"\n[images.a]\npublish = false\nsmoke = [\"--version\"]",
    "recipe = \"a.wasm\"\n[images.a]\nsmoke = false",
    "recipe = \"a.wasm\"\n[grants]\nimages = [\"a\"]\nplatforms = [\"linux/amd64\"]\nreleases = [\"npm:a\"]\nnetwork = true",
];

/// Files `app.toml` that are refused.
const NO_APP: &[&str] = &[
    "",
    "recipe = 1",
    "recipe = \"esbuild\"",
    "recipe = \"bakehouse:other\"",
    "recipe = \"oci://h.example/a:1\"",
    "recipe = \"https://h.example/a.wasm\"",
    "recipe = \"plugins/..\"",
    "recipe = \"plugins/a/b\"",
    "recipe = \"/a.wasm\"",
    "recipe = \"a.wasm\"\nrecipes = 1",
    "recipe = \"a.wasm\"\n[tags]\nmoving = \"latest\"",
    "recipe = \"a.wasm\"\n[tags]\nmoving = [\"{patch}\"]",
    "recipe = \"a.wasm\"\n[tags]\nmoving = [\"{majr}\"]",
    "recipe = \"a.wasm\"\n[tags]\nmoving = [\"{major}-r1\"]",
    "recipe = \"a.wasm\"\n[tags]\nmoving = [\"{major}-r{minor}\"]",
    "recipe = \"a.wasm\"\n[tags]\nmoving = [\"bakehouse-cache-{major}\"]",
    "recipe = \"a.wasm\"\n[tags]\nmoving = [\"SHA512-x\"]",
    "recipe = \"a.wasm\"\n[tags]\nfixed = []",
    "recipe = \"a.wasm\"\n[images.a]\nsmoke = \"--version\"",
    "recipe = \"a.wasm\"\n[images.a]\npublished = true",
    "recipe = \"a.wasm\"\n[grants]\nrelease = [\"npm:a\"]",
    "recipe = \"a.wasm\"\n[grants]\nnetwork = \"yes\"",
    "recipe = \"a.wasm\"\n[grants]\nplatforms = [\"arm64\"]",
    "recipe = \"a.wasm\"\n[grants]\ndownloads = [\"https://h.example/a\"]",
    "options = {}",
];

fn project(text: &str) -> Result<(), String> {
    let file: ProjectFile = toml::from_str(text).map_err(|error| error.to_string())?;
    file.allow.check().map_err(|(_, why)| why)
}

fn app(text: &str) -> Result<(), String> {
    let file: AppFile = toml::from_str(text).map_err(|error| error.to_string())?;
    file.grants.check().map_err(|(_, why)| why)
}

#[test]
fn schemas_and_parsers_take_the_same() {
    type Read = fn(&str) -> Result<(), String>;
    let all: [(&str, Read, &[&str], &[&str]); 2] = [
        ("project", project, PROJECT, NO_PROJECT),
        ("app", app, APP, NO_APP),
    ];
    let mut wrong = Vec::new();
    for (name, read, good, bad) in all {
        let validator = validator(name);
        for text in good {
            let shipped = text.contains("bakehouse:");
            if let Err(error) = read(text).or_else(|e| if shipped { Ok(()) } else { Err(e) }) {
                wrong.push(format!("the parser refuses {text:?}: {error}"));
            }
            if let Some(fault) = fault(&validator, text) {
                wrong.push(format!("the schema refuses {text:?}: {fault}"));
            }
        }
        for text in bad {
            if read(text).is_ok() {
                wrong.push(format!("the parser takes {text:?}"));
            }
            if fault(&validator, text).is_none() {
                wrong.push(format!("the schema takes {text:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
