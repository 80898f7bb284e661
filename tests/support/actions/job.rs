//! One job on one machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

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
    let shell = &workflow["defaults"]["run"]["shell"];
    assert_eq!(shell, "bash", "how a job's scripts are run");
    let mut machine = Machine::new(repository, artifacts, caches);
    let mut contexts = contexts.clone();
    contexts["steps"] = json!({});
    let mut env = BTreeMap::new();
    for part in [&workflow["env"], &job["env"]] {
        contexts["env"] = json!(env);
        machine.fill(&contexts, part, &mut env);
    }
    contexts["env"] = json!(env);
    machine.steps(&job["steps"], &mut contexts, &env);
    machine.end(job, contexts)
}

/// A machine, while a job runs on it.
struct Machine<'a> {
    repository: &'a Repository,
    artifacts: &'a Artifacts,
    caches: &'a Caches,
    place: TempDir,
    folder: PathBuf,
    network: Network,
    path: String,
    /// Caches that are saved at the job's end.
    caching: Vec<(String, String)>,
    success: bool,
    log: String,
    summary: String,
}

impl<'a> Machine<'a> {
    fn new(repository: &'a Repository, artifacts: &'a Artifacts, caches: &'a Caches) -> Self {
        let place = tempfile::Builder::new()
            .prefix("runner-")
            .tempdir()
            .unwrap();
        let folder = place.path().join("work");
        fs::create_dir(&folder).unwrap();
        fs::create_dir(place.path().join("temp")).unwrap();
        Self {
            repository,
            artifacts,
            caches,
            network: Network::new(&repository.ports),
            path: format!("{}:{}", repository.bin.display(), repository.env["PATH"]),
            folder,
            place,
            caching: Vec::new(),
            success: true,
            log: String::new(),
            summary: String::new(),
        }
    }

    fn scope<'b>(&'b self, contexts: &Value) -> Scope<'b> {
        Scope {
            contexts: contexts.clone(),
            success: self.success,
            folder: Some(&self.folder),
        }
    }

    fn fill(&self, contexts: &Value, part: &Value, env: &mut BTreeMap<String, String>) {
        for (name, value) in part.as_object().into_iter().flatten() {
            env.insert(name.clone(), self.scope(contexts).text(&text(value)));
        }
    }

    fn steps(&mut self, steps: &Value, contexts: &mut Value, env: &BTreeMap<String, String>) {
        for step in steps.as_array().expect("there are steps") {
            let mut env = env.clone();
            contexts["env"] = json!(env);
            self.fill(contexts, &step["env"], &mut env);
            contexts["env"] = json!(env);
            if !self.scope(contexts).holds(step["if"].as_str()) {
                continue;
            }
            let (success, outputs) = match step["uses"].as_str() {
                Some(uses) => self.action(uses, &step["with"], contexts, &env),
                None => self.script(step, contexts, env),
            };
            if let Some(id) = step["id"].as_str() {
                contexts["steps"][id] = json!({ "outputs": outputs });
            }
            self.success &= success;
        }
    }

    fn action(
        &mut self,
        uses: &str,
        with: &Value,
        contexts: &Value,
        env: &BTreeMap<String, String>,
    ) -> (bool, Map<String, Value>) {
        let filled: BTreeMap<String, String> = with
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), self.scope(contexts).text(&text(value))))
            .collect();
        if let Some(path) = uses.strip_prefix("./") {
            return self.composite(&self.folder.join(path), &filled, contexts, env);
        }
        let with = |name: &str| filled.get(name).cloned();
        let done = action::run(
            uses,
            &with,
            &self.folder,
            &self.repository.checkout,
            self.artifacts,
            self.caches,
        );
        if uses.starts_with("actions/cache@") {
            let [path, key] = ["path", "key"].map(|name| with(name).unwrap());
            self.caching.push((path, key));
        }
        match done {
            Ok(outputs) => (true, outputs),
            Err(why) => {
                self.log.push_str(&why);
                (false, Map::new())
            }
        }
    }

    /// The steps of a composite action that a checkout brought.
    fn composite(
        &mut self,
        path: &Path,
        with: &BTreeMap<String, String>,
        contexts: &Value,
        env: &BTreeMap<String, String>,
    ) -> (bool, Map<String, Value>) {
        let manifest = fs::read_to_string(path.join("action.yml")).unwrap();
        let action: Value = yaml_serde::from_str(&manifest).unwrap();
        assert_eq!(action["runs"]["using"], "composite");
        let mut inner = contexts.clone();
        inner["steps"] = json!({});
        inner["github"]["action_path"] = json!(path);
        for (name, input) in action["inputs"].as_object().into_iter().flatten() {
            let default = self.scope(contexts).text(&text(&input["default"]));
            inner["inputs"][name] = json!(with.get(name).cloned().unwrap_or(default));
        }
        let before = std::mem::replace(&mut self.success, true);
        for step in action["runs"]["steps"].as_array().unwrap() {
            assert!(step["uses"].is_string() || step["shell"] == "bash");
        }
        self.steps(&action["runs"]["steps"], &mut inner, env);
        let success = std::mem::replace(&mut self.success, before);
        let outputs = action["outputs"].as_object().into_iter().flatten();
        let outputs = outputs.map(|(name, output)| {
            let value = self.scope(&inner).fill(output["value"].as_str().unwrap());
            (name.clone(), value)
        });
        (success, outputs.collect())
    }

    fn script(
        &mut self,
        step: &Value,
        contexts: &Value,
        env: BTreeMap<String, String>,
    ) -> (bool, Map<String, Value>) {
        let scope = self.scope(contexts);
        let script = scope.text(step["run"].as_str().expect("a step runs something"));
        let folder = match step["working-directory"].as_str() {
            Some(folder) => self.folder.join(scope.text(folder)),
            None => self.folder.clone(),
        };
        let files = self.place.path().join("files");
        let (success, log) = self.shell(&script, &folder, &files, &env);
        runner::own(&log);
        self.log.push_str(&log);
        let read = |name: &str| fs::read_to_string(files.join(name)).unwrap_or_default();
        self.summary.push_str(&read("summary"));
        for added in read("path").lines() {
            self.path = format!("{added}:{}", self.path);
        }
        (success, outputs(&read("output")))
    }

    /// Runs as the runner does with `shell: bash`; both streams are its log.
    fn shell(
        &self,
        script: &str,
        folder: &Path,
        files: &Path,
        env: &BTreeMap<String, String>,
    ) -> (bool, String) {
        let _ = fs::remove_dir_all(files);
        fs::create_dir(files).unwrap();
        fs::write(files.join("script.sh"), script).unwrap();
        let log = fs::File::create(files.join("log")).unwrap();
        let status = self
            .network
            .command("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(files.join("script.sh"))
            .current_dir(folder)
            .env_clear()
            .envs(&self.repository.env)
            .envs([("GITHUB_ACTIONS", "true"), ("CI", "true")])
            .env("HOME", self.place.path())
            .env("RUNNER_TEMP", self.place.path().join("temp"))
            .env("PATH", &self.path)
            .envs(
                [
                    ("OUTPUT", "output"),
                    ("PATH", "path"),
                    ("STEP_SUMMARY", "summary"),
                ]
                .map(|(name, file)| (format!("GITHUB_{name}"), files.join(file))),
            )
            .envs(env)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap();
        let log = fs::read_to_string(files.join("log")).unwrap();
        (status.success(), log)
    }

    fn end(self, job: &Value, contexts: Value) -> Ended {
        if self.success {
            for (path, key) in &self.caching {
                action::save_cache(path, key, &self.folder, self.caches);
            }
        }
        let scope = self.scope(&contexts);
        let outputs = job["outputs"].as_object().into_iter().flatten();
        let outputs = outputs
            .map(|(name, value)| (name.clone(), scope.fill(value.as_str().unwrap())))
            .collect();
        Ended {
            success: self.success,
            outputs,
            log: self.log.clone(),
            summary: self.summary.clone(),
        }
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
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
