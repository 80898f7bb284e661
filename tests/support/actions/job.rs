//! One job on one machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Map, Value, json};

use super::action::{self, Artifacts, Caches};
use super::expression::Scope;
use super::run::Repository;
use super::runner;
use crate::support::Network;

/// How a job ended.
#[derive(Debug, Clone)]
pub struct Ended {
    pub success: bool,
    pub outputs: Map<String, Value>,
    /// What its steps printed.
    pub log: String,
    /// Its page of the run.
    pub summary: String,
}

/// Runs a job's steps; `contexts` has all but `steps` and `env`.
pub fn run(
    repository: &Repository,
    artifacts: &Artifacts,
    caches: &Caches,
    workflow: &Value,
    job: &Value,
    contexts: &Value,
) -> Ended {
    let machine = tempfile::Builder::new()
        .prefix("runner-")
        .tempdir()
        .unwrap();
    let folder = machine.path().join("work");
    fs::create_dir(&folder).unwrap();
    let network = Network::new(&repository.ports);
    let shell = &workflow["defaults"]["run"]["shell"];
    assert_eq!(shell, "bash", "how a job's scripts are run");

    let mut contexts = contexts.clone();
    contexts["steps"] = json!({});
    let mut ended = Ended {
        success: true,
        outputs: Map::new(),
        log: String::new(),
        summary: String::new(),
    };
    let mut path = repository.env["PATH"].clone();
    let mut caching = Vec::new();
    for step in job["steps"].as_array().expect("a job has steps") {
        let scope = |contexts: Value| Scope {
            contexts,
            success: ended.success,
            folder: Some(&folder),
        };
        let mut env: BTreeMap<String, String> = BTreeMap::new();
        for part in [&job["env"], &step["env"]] {
            for (name, value) in part.as_object().into_iter().flatten() {
                env.insert(name.clone(), scope(contexts.clone()).text(&text(value)));
            }
        }
        contexts["env"] = json!(env);
        let scope = scope(contexts.clone());
        if !scope.holds(step["if"].as_str()) {
            continue;
        }
        let with = |name: &str| Some(scope.text(&text(step["with"].get(name)?)));
        let (success, outputs) = match step["uses"].as_str() {
            Some(uses) => {
                if uses.starts_with("actions/cache@") {
                    caching.push(["path", "key"].map(|name| (name, with(name).unwrap())));
                }
                let done = action::run(
                    uses,
                    &with,
                    &folder,
                    &repository.checkout,
                    artifacts,
                    caches,
                );
                if let Err(why) = &done {
                    ended.log.push_str(why);
                }
                (done.is_ok(), Map::new())
            }
            None => {
                let script = scope.text(step["run"].as_str().expect("a step runs something"));
                let files = machine.path().join("files");
                let step = Script {
                    env,
                    path: &path,
                    folder: &folder,
                    files: &files,
                };
                let (success, log) = step.run(repository, &network, &script);
                runner::own(&log);
                ended.log.push_str(&log);
                let read = |name: &str| fs::read_to_string(files.join(name)).unwrap_or_default();
                ended.summary.push_str(&read("summary"));
                for added in read("path").lines() {
                    path = format!("{added}:{path}");
                }
                (success, outputs(&read("output")))
            }
        };
        if let Some(id) = step["id"].as_str() {
            contexts["steps"][id] = json!({ "outputs": outputs });
        }
        ended.success &= success;
    }
    if ended.success {
        for cache in &caching {
            let with = |wanted: &str| {
                cache
                    .iter()
                    .find(|(name, _)| *name == wanted)
                    .map(|(_, value)| value.clone())
            };
            action::save_cache(&with, &folder, caches);
        }
    }
    let scope = Scope {
        contexts,
        success: ended.success,
        folder: None,
    };
    for (name, value) in job["outputs"].as_object().into_iter().flatten() {
        let value = scope.fill(value.as_str().unwrap());
        ended.outputs.insert(name.clone(), value);
    }
    ended
}

struct Script<'a> {
    env: BTreeMap<String, String>,
    path: &'a str,
    folder: &'a Path,
    files: &'a Path,
}

impl Script<'_> {
    /// Runs as the runner does with `shell: bash`; both streams are its log.
    fn run(&self, repository: &Repository, network: &Network, script: &str) -> (bool, String) {
        let _ = fs::remove_dir_all(self.files);
        fs::create_dir(self.files).unwrap();
        fs::write(self.files.join("script.sh"), script).unwrap();
        let log = fs::File::create(self.files.join("log")).unwrap();
        let status = network
            .command("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(self.files.join("script.sh"))
            .current_dir(self.folder)
            .env_clear()
            .envs(&repository.env)
            .envs([("GITHUB_ACTIONS", "true"), ("CI", "true")])
            .env("HOME", self.files.parent().unwrap())
            .env("PATH", self.path)
            .envs(
                [
                    ("OUTPUT", "output"),
                    ("PATH", "path"),
                    ("STEP_SUMMARY", "summary"),
                ]
                .map(|(name, file)| (format!("GITHUB_{name}"), self.files.join(file))),
            )
            .envs(&self.env)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap();
        let log = fs::read_to_string(self.files.join("log")).unwrap();
        (status.success(), log)
    }
}

/// The lines `name=value` of `$GITHUB_OUTPUT`.
fn outputs(file: &str) -> Map<String, Value> {
    let pair = |line: &str| {
        let (name, value) = line.split_once('=').expect("name=value");
        (name.to_owned(), Value::String(value.to_owned()))
    };
    file.lines().map(pair).collect()
}

/// A YAML scalar as its text.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
