//! One run of the workflow that a project has, and of the one that it calls.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::action::{Artifacts, Caches};
use super::expression::Scope;
use super::job::{self, Ended, text};
use super::release::{REPOSITORY, Release};
use crate::support::Project;

/// The commit of [`REPOSITORY`] that the project's workflow names.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// The reusable workflow that publishes, and its jobs in their order.
const PUBLISH: (&str, &[&str]) = ("publish.yml", &["plan", "build", "merge"]);
/// That of pull requests.
const REVIEW: (&str, &[&str]) = ("review.yml", &["plan", "build", "page"]);
/// The workflow that calls that one, and comments.
const COMMENT: (&str, &[&str]) = ("review-comment.yml", &["comment"]);

/// A project as GitHub has it.
pub struct Repository {
    pub(super) checkout: PathBuf,
    pub(super) ports: Vec<u16>,
    pub(super) env: BTreeMap<String, String>,
    /// Folder with `gh`.
    pub(super) bin: PathBuf,
    release: Release,
    caches: TempDir,
}

impl Repository {
    /// The project, with the workflow that `bakehouse workflows` writes for it, a
    /// release of the program, and a registry that every job can reach.
    pub fn new(project: &Project, registry: &str) -> Self {
        let release = Release::start();
        let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
        if !settings.contains("uses = ") {
            let ci = if settings.contains("[ci]") {
                ""
            } else {
                "[ci]\n"
            };
            let uses = format!("uses = \"{REPOSITORY}@{COMMIT} # v1.2.3\"\n");
            project.write("bakehouse.toml", format!("{settings}{ci}{uses}"));
        }
        project.run(&["workflows"]).expect(0);
        let mut env = project.environment();
        env.remove("HOME");
        Self {
            checkout: project.path("."),
            ports: vec![
                port(registry),
                port(&project.npm.url()),
                port(&release.url()),
            ],
            env,
            bin: release.bin(),
            release,
            caches: tempfile::tempdir().unwrap(),
        }
    }

    /// Lets every job reach an address, too; a variable tells it where one is named.
    pub fn reaches(&mut self, variable: Option<&str>, address: &str) {
        self.ports.push(port(address));
        if let Some(variable) = variable {
            self.env.insert(variable.to_owned(), address.to_owned());
        }
    }

    /// A run by schedule, which has no inputs; `with` stands for what
    /// bakehouse.toml would say.
    pub fn scheduled(&self, with: &Value) -> Run<'_> {
        Run::new(self, "schedule", &json!({}), with)
    }

    /// A run by hand.
    pub fn dispatched(&self, inputs: &Value) -> Run<'_> {
        Run::new(self, "workflow_dispatch", inputs, &json!({}))
    }

    /// A run for a pull request of this repository.
    pub fn requested(&self, with: &Value) -> Run<'_> {
        Run::new(self, "pull_request", &Value::Null, with)
    }

    /// The program's release.
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// Keys of its caches.
    pub fn cache_keys(&self) -> Vec<String> {
        Caches(self.caches.path().to_owned()).keys()
    }
}

/// The port of an address on loopback.
fn port(address: &str) -> u16 {
    let (_, rest) = address.rsplit_once(':').unwrap();
    let digits = rest.split('/').next().unwrap();
    digits.parse().unwrap()
}

/// One run. Its jobs are run one by one, so that tests can do things between.
pub struct Run<'a> {
    repository: &'a Repository,
    caches: Caches,
    artifacts: Artifacts,
    _folder: TempDir,
    event: &'static str,
    /// The repository that the change of a pull request is from.
    pub from: &'static str,
    /// The reusable workflow, and its jobs.
    workflow: (&'static str, &'static [&'static str]),
    /// What the project's workflow hands on.
    inputs: Value,
    /// How the jobs ended: name of each instance, by job.
    jobs: BTreeMap<String, BTreeMap<String, Ended>>,
    results: Map<String, Value>,
}

impl<'a> Run<'a> {
    fn new(repository: &'a Repository, event: &'static str, inputs: &Value, with: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts {
            folder: folder.path().to_owned(),
            lost: None,
        };
        let (called, workflow) = match event {
            "pull_request" => ("review", REVIEW),
            _ => ("publish", PUBLISH),
        };
        let mut run = Self {
            from: "Test/images",
            workflow,
            repository,
            caches: Caches(repository.caches.path().to_owned()),
            artifacts,
            _folder: folder,
            event,
            inputs: Value::Null,
            jobs: BTreeMap::new(),
            results: Map::new(),
        };
        let path = repository.checkout.join(".github/workflows/bakehouse.yml");
        let caller = std::fs::read_to_string(path).unwrap();
        let caller: Value = yaml_serde::from_str(&caller).unwrap();
        let seen = run.scope(json!({ "inputs": inputs }));
        for (name, job) in caller["jobs"].as_object().unwrap() {
            assert_eq!(seen.holds(job["if"].as_str()), *name == called, "{name}");
        }
        let call = &caller["jobs"][called];
        let comments = call["permissions"]["pull-requests"] == "write";
        let file = match comments {
            true => COMMENT.0,
            false => workflow.0,
        };
        assert_eq!(
            call["uses"],
            format!("{REPOSITORY}/.github/workflows/{file}@{COMMIT}")
        );
        let mut handed = filled(&seen, &call["with"]);
        for (name, value) in with.as_object().unwrap() {
            handed[name] = value.clone();
        }
        let file = read(file);
        let declared = &file["on"]["workflow_call"]["inputs"];
        for name in handed.as_object().unwrap().keys() {
            assert!(declared[name].is_object(), "no input {name}");
        }
        for (name, input) in declared.as_object().unwrap() {
            if handed[name].is_null() {
                handed[name] = input["default"].clone();
            }
        }
        run.inputs = handed;
        if comments {
            let inner = &file["jobs"]["review"];
            assert_eq!(inner["uses"], "./.github/workflows/review.yml");
            let seen = run.scope(json!({ "inputs": run.inputs }));
            run.inputs = filled(&seen, &inner["with"]);
        }
        run
    }

    /// Artifacts with this text in their names do not arrive, or do again.
    pub fn lose(&mut self, name: Option<&str>) {
        self.artifacts.lost = name.map(str::to_owned);
    }

    /// All jobs, in order; whether the run is green.
    pub fn whole(&mut self) -> bool {
        let jobs = self.workflow.1.iter();
        let ended: Vec<bool> = jobs.map(|job| self.job(job)).collect();
        ended.iter().all(|ok| *ok)
    }

    /// How many jobs were run: those that are skipped take no machine.
    pub fn count(&self) -> usize {
        self.jobs.values().map(BTreeMap::len).sum()
    }

    /// Forgets how a job ended.
    pub fn forget(&mut self, job: &str) {
        self.jobs.remove(job);
    }

    /// Runs failed jobs again, and those that depend on them.
    pub fn rerun_failed(&mut self) -> bool {
        for instances in self.jobs.values_mut() {
            instances.retain(|_, ended| ended.success);
        }
        self.jobs.remove("merge");
        self.whole()
    }

    /// The job that comments on the pull request, after all others; whether it has
    /// run, and ended well.
    pub fn comment(&mut self) -> bool {
        let outputs = &self.results["plan"]["outputs"];
        let review = json!({ "result": "success", "outputs": outputs });
        self.results.insert("review".to_owned(), review);
        self.workflow = COMMENT;
        self.job("comment") && self.jobs.contains_key("comment")
    }

    /// Runs one job of the reusable workflow; instances that ended well are not run again.
    pub fn job(&mut self, id: &str) -> bool {
        let file = read(self.workflow.0);
        let job = &file["jobs"][id];
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
        let mut seen = self.scope(contexts);
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
            self.instance(&file, id, job, contexts, &mut ended);
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

    /// A job of one matrix entry.
    fn instance(
        &self,
        file: &Value,
        id: &str,
        job: &Value,
        contexts: Value,
        ended: &mut BTreeMap<String, Ended>,
    ) {
        let seen = self.scope(contexts);
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

    fn scope(&self, mut contexts: Value) -> Scope<'static> {
        contexts["github"] = json!({
            "token": "", "actor": "tester", "run_id": "1", "repository_owner": "Test",
            "event_name": self.event, "server_url": self.repository.release.url(),
            "repository": "Test/images",
        });
        if self.event == "pull_request" {
            contexts["github"]["event"] = json!({
                "pull_request": { "number": 7, "head": { "repo": { "full_name": self.from } } },
            });
        }
        contexts["job"] = json!({
            "workflow_repository": REPOSITORY, "workflow_sha": COMMIT,
        });
        contexts["secrets"] = match self.event {
            "pull_request" => json!({}),
            _ => json!({ "ENVIRONMENT": "TEST_TOKEN=much secret\n" }),
        };
        contexts["runner"] = json!({ "os": "Linux", "arch": "X64" });
        Scope {
            contexts,
            success: true,
            folder: None,
        }
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
    let filled = with
        .iter()
        .map(|(name, value)| (name.clone(), scope.text(&text(value)).into()));
    Value::Object(filled.collect())
}

/// One of this repository's workflows.
fn read(name: &str) -> Value {
    let path = super::root().join(".github/workflows").join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}
