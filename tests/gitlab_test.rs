//! The GitLab example: its jobs' own scripts, one after the other.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Builder, DebianRegistry, Project, crane, tool};

#[test]
fn the_plan_becomes_a_child_pipeline() {
    let project = Project::new(Builder::BuildKit);
    project.misbehave(&["1.0.0", "1.1.0-arm64fails"]);
    let registry = DebianRegistry::start();
    let host = registry.host();
    project
        .run(&["plan", "--save", "plan.json", "--registry", &host])
        .expect(0);
    let pipeline = child_pipeline(&project);
    let pipeline = pipeline.as_object().unwrap();

    // A runner joins a job's script, too; artifacts come back to one folder.
    let run = |name: &str| {
        let lines = pipeline[name]["script"].as_array().unwrap();
        let lines: Vec<_> = lines.iter().map(|line| line.as_str().unwrap()).collect();
        let folder = Path::new(env!("CARGO_BIN_EXE_bakehouse")).parent().unwrap();
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell
            .args(["-ec", &lines.join("\n")])
            .current_dir(project.path("."))
            .env_clear()
            .envs(project.environment())
            .env("PATH", path)
            .env("REGISTRY", &host);
        shell.status().unwrap().code().unwrap()
    };
    let mut codes = Vec::new();
    for (name, job) in pipeline.iter().filter(|(_, job)| job["stage"] == "build") {
        assert_eq!(job["artifacts"]["when"], "always");
        codes.push((name.as_str(), run(name)));
    }
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            ("misbehave 1.0.0 misbehave linux/amd64", 0),
            ("misbehave 1.0.0 misbehave linux/arm64", 0),
            ("misbehave 1.1.0-arm64fails misbehave linux/amd64", 0),
            ("misbehave 1.1.0-arm64fails misbehave linux/arm64", 8),
        ]
    );
    assert_eq!(run("merge"), 4);
    let tags = crane(&["ls", &format!("{host}/test/misbehave")]);
    let mut tags: Vec<_> = tags.lines().collect();
    tags.sort_unstable();
    assert_eq!(tags, ["1.0.0", "latest"]);

    // A rebuild is one in all jobs.
    let plan = [
        "plan",
        "--rebuild",
        "--save",
        "plan.json",
        "--registry",
        &host,
    ];
    project.run(&plan).expect(0);
    let rebuild = child_pipeline(&project);
    for (name, job) in rebuild.as_object().unwrap() {
        let script = job["script"].to_string();
        let jobs = script.matches("bakehouse ").count();
        assert_eq!(
            script.matches(" --rebuild").count(),
            jobs,
            "{name}: {script}"
        );
    }
}

/// What the example makes of the plan.
fn child_pipeline(project: &Project) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap();
    let jobs = Command::new(tool("jq"))
        .arg("--from-file")
        .arg(root.join("examples/gitlab/jobs.jq"))
        .arg(project.path("plan.json"))
        .output()
        .unwrap();
    serde_json::from_slice(&jobs.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&jobs.stderr)))
}
