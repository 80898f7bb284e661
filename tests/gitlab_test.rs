//! The GitLab example: each job's own script, in a folder of its own, with
//! nothing between jobs but artifacts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Builder, DebianRegistry, Project, crane};
use crate::workflow_test::esbuild;

/// A pipeline of the example, and what its jobs leave behind.
struct Pipeline<'a> {
    project: &'a Project,
    host: String,
    /// Artifacts, and how the job ended, by its name.
    ended: BTreeMap<String, (PathBuf, i32)>,
    folder: tempfile::TempDir,
}

impl<'a> Pipeline<'a> {
    fn new(project: &'a Project, host: &str) -> Self {
        Self {
            project,
            host: host.to_owned(),
            ended: BTreeMap::new(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Runs a job of a file with the artifacts of these jobs; its exit code.
    fn job(&mut self, file: &Value, name: &str, from: &[String]) -> i32 {
        let job = &file[name];
        let place = self.folder.path().join(format!("{}", self.ended.len()));
        let (work, kept) = (place.join("work"), place.join("kept"));
        std::fs::create_dir_all(&work).unwrap();
        std::fs::create_dir_all(&kept).unwrap();
        for part in ["apps", "bakehouse.toml"] {
            copy(&self.project.path(part), &work);
        }
        for from in from {
            copy(&self.ended[from].0.join("."), &work);
        }
        let lines = [&job["before_script"], &job["script"]];
        let lines = lines.into_iter().filter_map(Value::as_array).flatten();
        let script: Vec<&str> = lines.map(|line| line.as_str().unwrap()).collect();
        let program = Path::new(env!("CARGO_BIN_EXE_bakehouse")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        // Logs in, and has no registry that would want it.
        let bin = place.join("bin");
        std::fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink("/bin/true", bin.join("docker")).unwrap();
        let status = Command::new("sh")
            .args(["-ec", &script.join("\n")])
            .current_dir(&work)
            .env_clear()
            .envs(self.project.environment())
            .env("PATH", format!("{}:{path}", bin.display()))
            .envs([
                ("CI", "true"),
                ("GITLAB_CI", "true"),
                ("CI_PIPELINE_ID", "7"),
            ])
            .env("CI_JOB_NAME", name)
            .env("REGISTRY", &self.host)
            .status();
        let code = status.unwrap().code().unwrap();
        let artifacts = &job["artifacts"];
        for path in artifacts["paths"].as_array().into_iter().flatten() {
            let path = work.join(path.as_str().unwrap());
            if path.exists() && (code == 0 || artifacts["when"] == "always") {
                copy(&path, &kept);
            }
        }
        self.ended.insert(name.to_owned(), (kept, code));
        code
    }

    /// The child pipeline that the job `plan` makes.
    fn planned(&mut self) -> Value {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .unwrap();
        let file = std::fs::read_to_string(root.join("examples/gitlab/.gitlab-ci.yml")).unwrap();
        let file: Value = yaml_serde::from_str(&file).unwrap();
        let publish = &file["publish"]["trigger"]["include"][0];
        assert_eq!(*publish, json!({ "artifact": "jobs.yml", "job": "plan" }));
        assert_eq!(self.job(&file, "plan", &[]), 0);
        let child = self.ended["plan"].0.join("jobs.yml");
        yaml_serde::from_str(&std::fs::read_to_string(child).unwrap()).unwrap()
    }

    /// Runs all jobs of a child pipeline, stage by stage; their exit codes.
    fn child(&mut self, file: &Value) -> BTreeMap<String, i32> {
        let mut codes = BTreeMap::new();
        let mut before: Vec<String> = Vec::new();
        for stage in file["stages"].as_array().unwrap() {
            let jobs = file.as_object().unwrap().iter();
            let jobs: Vec<&String> = jobs
                .filter(|(_, job)| job["stage"] == *stage)
                .map(|(name, _)| name)
                .collect();
            let begun = before.clone();
            for name in jobs {
                let from = match file[name].get("needs").and_then(Value::as_array) {
                    None => begun.clone(),
                    Some(needs) => {
                        let job = |need: &Value| need["job"].as_str().unwrap().to_owned();
                        assert!(needs.iter().all(|need| need["pipeline"] == "7"));
                        needs.iter().map(job).collect()
                    }
                };
                codes.insert(name.clone(), self.job(file, name, &from));
                before.push(name.clone());
            }
        }
        codes
    }
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.unwrap().success());
}

fn tags(host: &str, image: &str) -> Vec<String> {
    let tags = crane(&["ls", &format!("{host}/test/{image}")]);
    let mut tags: Vec<String> = tags.lines().map(str::to_owned).collect();
    tags.sort_unstable();
    tags
}

#[test]
fn a_bad_app_stops_no_other() {
    let project = Project::new(Builder::BuildKit);
    esbuild(&project);
    // One version of it cannot be built; another app cannot even be looked at.
    project.misbehave(&["1.0.0", "1.1.0-arm64fails"]);
    project.write("apps/broken/app.toml", "recipe = \"none.wasm\"\n");
    let registry = DebianRegistry::start();
    let host = registry.host();
    let mut pipeline = Pipeline::new(&project, &host);
    let child = pipeline.planned();
    let codes = pipeline.child(&child);
    let expected = [
        ("1 not looked at", 5),
        ("esbuild 1.0.0 linux/amd64", 0),
        ("esbuild 1.0.0 linux/arm64", 0),
        ("merge", 4),
        (
            "misbehave 1.0.0 to 1.1.0-arm64fails linux/amd64 (2 targets)",
            0,
        ),
        (
            "misbehave 1.0.0 to 1.1.0-arm64fails linux/arm64 (2 targets)",
            8,
        ),
    ];
    let expected = expected.map(|(name, code)| (name.to_owned(), code));
    assert_eq!(codes, BTreeMap::from(expected));
    assert_eq!(tags(&host, "esbuild"), ["1.0", "1.0.0", "latest"]);
    assert_eq!(tags(&host, "misbehave"), ["1.0.0", "latest"]);
    assert!(
        child["merge"]["script"]
            .to_string()
            .contains("bakehouse merge --plan")
    );

    // The next day there is what could not be done, and nothing else.
    std::fs::remove_dir_all(project.path("apps/broken")).unwrap();
    std::fs::remove_dir_all(project.path("apps/misbehave")).unwrap();
    let mut pipeline = Pipeline::new(&project, &host);
    let child = pipeline.planned();
    let codes = pipeline.child(&child);
    assert_eq!(codes, BTreeMap::from([("nothing to do".to_owned(), 0)]));
}
