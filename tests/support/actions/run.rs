//! One run of `build.yml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::action::{Artifacts, Caches};
use super::expression::Scope;
use super::job::{self, Ended, text};
use crate::support::Project;

/// A project as GitHub has it.
pub struct Repository {
    pub(super) checkout: PathBuf,
    pub(super) ports: Vec<u16>,
    pub(super) env: BTreeMap<String, String>,
    caches: TempDir,
}

impl Repository {
    /// The project's apps and upstream, the workflows of this repository, and a
    /// registry that every job can reach.
    pub fn new(project: &Project, registry: &str) -> Self {
        let port = |address: &str| {
            let (_, port) = address.trim_end_matches('/').rsplit_once(':').unwrap();
            port.parse().unwrap()
        };
        let mut env = project.environment();
        env.remove("HOME");
        Self {
            checkout: project.path("."),
            ports: vec![port(registry), port(&project.npm.url())],
            env,
            caches: tempfile::tempdir().unwrap(),
        }
    }

    /// A run by schedule, which has no inputs.
    pub fn scheduled(&self, defaults: &Value) -> Run<'_> {
        Run::new(self, Value::Null, defaults)
    }

    /// A run by hand.
    pub fn dispatched(&self, inputs: Value) -> Run<'_> {
        Run::new(self, inputs, &Value::Null)
    }
}

/// One run. Its jobs are run one by one, so that tests can do things between.
pub struct Run<'a> {
    repository: &'a Repository,
    caches: Caches,
    artifacts: Artifacts,
    _folder: TempDir,
    /// What `build.yml` hands to `apps.yml`.
    inputs: Value,
    /// How the jobs of `apps.yml` ended: name of each instance, by job.
    jobs: BTreeMap<String, BTreeMap<String, Ended>>,
    results: Map<String, Value>,
}

impl<'a> Run<'a> {
    fn new(repository: &'a Repository, inputs: Value, overrides: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts {
            folder: folder.path().to_owned(),
            lost: None,
        };
        let mut run = Self {
            repository,
            caches: Caches(repository.caches.path().to_owned()),
            artifacts,
            _folder: folder,
            inputs: Value::Null,
            jobs: BTreeMap::new(),
            results: Map::new(),
        };
        run.pack_program();
        let build = workflow("build.yml");
        let call = &build["jobs"]["apps"];
        assert_eq!(call["uses"], "./.github/workflows/apps.yml");
        let seen = scope(json!({ "inputs": inputs }));
        run.inputs = filled(&seen, &call["with"]);
        for (name, value) in overrides.as_object().into_iter().flatten() {
            run.inputs[name] = value.clone();
        }
        run
    }

    /// The artifacts that the job `program` makes, of what the tests are run with.
    fn pack_program(&self) {
        let work = tempfile::tempdir().unwrap();
        let target = work.path().join("target/release");
        std::fs::create_dir_all(&target).unwrap();
        let program = env!("CARGO_BIN_EXE_bakehouse");
        std::os::unix::fs::symlink(program, target.join("bakehouse")).unwrap();
        for label in workflow("build.yml")["jobs"]["program"]["strategy"]["matrix"]["runner"]
            .as_array()
            .unwrap()
        {
            let folder = self
                .artifacts
                .folder
                .join(format!("program-{}", text(label)));
            std::fs::create_dir(&folder).unwrap();
            let file = std::fs::File::create(folder.join("program.tar")).unwrap();
            let mut tar = tar::Builder::new(file);
            tar.follow_symlinks(false);
            tar.append_dir_all("target", work.path().join("target"))
                .unwrap();
            tar.finish().unwrap();
        }
    }

    /// Artifacts with this text in their names do not arrive, or do again.
    pub fn lose(&mut self, name: Option<&str>) {
        self.artifacts.lost = name.map(str::to_owned);
    }

    /// All jobs, in order; whether the run is green.
    pub fn whole(&mut self) -> bool {
        ["infos", "build", "merge"]
            .map(|job| self.job(job))
            .iter()
            .all(|ok| *ok)
    }

    /// Runs failed jobs again, and those that depend on them.
    pub fn rerun_failed(&mut self) -> bool {
        for instances in self.jobs.values_mut() {
            instances.retain(|_, ended| ended.success);
        }
        self.jobs.remove("merge");
        self.whole()
    }

    /// Runs one job of `apps.yml`; instances that ended well are not run again.
    pub fn job(&mut self, id: &str) -> bool {
        let apps = workflow("apps.yml");
        let job = &apps["jobs"][id];
        let needs: Vec<String> = match &job["needs"] {
            Value::Null => Vec::new(),
            Value::String(one) => vec![one.clone()],
            many => many.as_array().unwrap().iter().map(text).collect(),
        };
        let needs: Map<String, Value> = needs
            .into_iter()
            .map(|name| (name.clone(), self.results[&name].clone()))
            .collect();
        let failed = needs.values().any(|need| need["result"] != "success");
        let contexts = json!({ "inputs": self.inputs, "needs": needs });
        let mut seen = scope(contexts);
        seen.success = !failed;
        if !seen.holds(job["if"].as_str()) {
            self.results
                .insert(id.to_owned(), json!({ "result": "skipped" }));
            return true;
        }
        let mut ended = self.jobs.remove(id).unwrap_or_default();
        for matrix in matrices(&seen, job) {
            let mut contexts = seen.contexts.clone();
            contexts["matrix"] = matrix;
            self.instance(&apps, id, job, contexts, &mut ended);
        }
        let success = ended.values().all(|job| job.success);
        let outputs = ended.values().next().map(|job| job.outputs.clone());
        let result = if success { "success" } else { "failure" };
        self.results.insert(
            id.to_owned(),
            json!({ "result": result, "outputs": outputs }),
        );
        self.jobs.insert(id.to_owned(), ended);
        success
    }

    /// A job of one matrix entry, or all jobs of the workflow that it calls.
    fn instance(
        &self,
        file: &Value,
        id: &str,
        job: &Value,
        contexts: Value,
        ended: &mut BTreeMap<String, Ended>,
    ) {
        let seen = scope(contexts);
        if let Some(uses) = job["uses"].as_str() {
            let called = workflow(uses.strip_prefix("./.github/workflows/").unwrap());
            let inputs = filled(&seen, &job["with"]);
            for (id, job) in called["jobs"].as_object().unwrap() {
                let seen = scope(json!({ "inputs": inputs }));
                for matrix in matrices(&seen, job) {
                    let contexts = json!({ "inputs": inputs, "matrix": matrix });
                    self.instance(&called, id, job, contexts, ended);
                }
            }
            return;
        }
        let name = job["name"]
            .as_str()
            .map_or_else(|| id.to_owned(), |name| seen.text(name));
        ended.entry(name).or_insert_with(|| {
            job::run(
                self.repository,
                &self.artifacts,
                &self.caches,
                file,
                job,
                &seen.contexts,
            )
        });
    }

    /// How a job's instances ended, by their names.
    pub fn ended(&self, job: &str) -> &BTreeMap<String, Ended> {
        &self.jobs[job]
    }

    /// Logs of everything, for a failed assertion.
    pub fn log(&self) -> String {
        let mut log = String::new();
        for (name, ended) in self.jobs.values().flatten() {
            log.push_str(&format!("--- {name}\n{}\n", ended.log));
        }
        log
    }
}

fn scope(mut contexts: Value) -> Scope<'static> {
    contexts["github"] = json!({
        "token": "", "actor": "tester", "run_id": "1", "repository_owner": "Test",
    });
    contexts["secrets"] = json!({});
    contexts["runner"] = json!({ "os": "Linux", "arch": "X64" });
    Scope {
        contexts,
        success: true,
        folder: None,
    }
}

fn matrices(scope: &Scope<'_>, job: &Value) -> Vec<Value> {
    let Some(matrix) = job["strategy"]["matrix"].as_object() else {
        return vec![json!({})];
    };
    assert_eq!(job["strategy"]["fail-fast"], false);
    let [(name, values)] = &matrix.iter().collect::<Vec<_>>()[..] else {
        panic!("matrices of one dimension only");
    };
    let values = match values {
        Value::String(expression) => scope.fill(expression),
        values => (*values).clone(),
    };
    let values = values.as_array().unwrap().clone();
    assert!(
        (1..=256).contains(&values.len()),
        "GitHub refuses {} jobs",
        values.len()
    );
    values
        .into_iter()
        .map(|value| json!({ *name: value }))
        .collect()
}

fn filled(scope: &Scope<'_>, with: &Value) -> Value {
    let with = with.as_object().unwrap();
    let filled = with.iter().map(|(name, value)| {
        let value = value.as_str().map(|value| scope.text(value));
        (name.clone(), json!(value))
    });
    Value::Object(filled.collect())
}

/// One of this repository's workflows.
pub fn workflow(name: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap();
    let path = root.join(".github/workflows").join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}
