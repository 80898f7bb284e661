//! A plan as a child pipeline of GitLab CI (docs.gitlab.com, "Downstream
//! pipelines", "Dynamic child pipelines"). JSON is YAML, too.
//!
//! An app that could not be looked at is a red job of it, so that the job that
//! plans can be a green one: GitLab starts no pipeline from a red one, and hands
//! on none of its files.

use serde_json::{Map, Value, json};

use super::matrix;
use crate::config::ProjectFile;
use crate::pipeline::batches::{Batch, Cut, batches};
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::plan::Plan;
use crate::pipeline::times::Times;

/// The registry's login, where it has one.
const LOGIN: &str = r#"if [ -n "$REGISTRY_PASSWORD" ]; then printf %s "$REGISTRY_PASSWORD" | docker login "$REGISTRY" --username "$REGISTRY_USERNAME" --password-stdin; fi"#;
/// The plan's file in every job.
const PLAN: &str = "plan.json";
/// The folder of what earlier runs saw.
const HISTORY: &str = ".bakehouse/history";

/// The job that makes the pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parent {
    /// Its pipeline.
    pub pipeline: Option<String>,
    /// Its name.
    pub job: Option<String>,
    /// The image that it runs in.
    pub image: Option<String>,
}

impl Parent {
    /// The job that this process runs in; none of it outside of GitLab.
    #[must_use]
    pub fn here() -> Self {
        let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            pipeline: read("CI_PIPELINE_ID"),
            job: read("CI_JOB_NAME"),
            image: read("CI_JOB_IMAGE"),
        }
    }

    /// Its files, for a job that has no other job to get them from.
    fn needs(&self) -> Value {
        match (&self.pipeline, &self.job) {
            (Some(pipeline), Some(job)) => json!([{ "pipeline": pipeline, "job": job }]),
            _ => json!([]),
        }
    }
}

/// The batches of a plan. Each platform has a runner that needs no emulation.
#[must_use]
pub fn batched(plan: &Plan, file: &ProjectFile, times: &Times) -> Vec<Batch> {
    let cut = Cut {
        times,
        emulated: |_: &_| false,
        minutes: file.ci.job_minutes(),
    };
    batches(plan, &cut)
}

/// The pipeline of a plan: a job for each of its batches, and with `merge` one
/// that puts together what they built; a red one for what could not be looked at.
#[must_use]
pub fn pipeline(
    plan: &Plan,
    failures: &[FailureRecord],
    merge: bool,
    file: &ProjectFile,
    parent: &Parent,
) -> Value {
    let mut jobs = Map::new();
    for batch in &plan.batches {
        let mut name = matrix::name(plan, batch);
        if jobs.contains_key(&name) {
            name = format!("{name} {}", batch.id);
        }
        let job = json!({
            "stage": "build",
            "tags": [batch.platform.to_string()],
            "needs": parent.needs(),
            // Ids are of letters, digits, `.`, `_` and `-`.
            "script": [format!("bakehouse build --locked --plan {PLAN} --batch {}", batch.id)],
            // The job that merges has its files from the jobs before it alone.
            "artifacts": { "when": "always", "paths": ["digests", PLAN], "expire_in": "1 week" },
        });
        jobs.insert(name, job);
    }
    if merge {
        let mut job = json!({
            "stage": "merge",
            // Also after failed builds: what is complete is published.
            "when": "always",
            "script": [format!("bakehouse merge --plan {PLAN}")],
            "cache": { "key": "bakehouse-history", "paths": [HISTORY], "when": "always" },
        });
        if plan.batches.is_empty() {
            job["needs"] = parent.needs();
        }
        jobs.insert("merge".to_owned(), job);
    }
    if let Some(first) = failures.first() {
        let told = failures
            .iter()
            .map(|failure| format!("echo {} >&2", quoted(&failure.message)));
        let told: Vec<String> = told
            .chain([format!("exit {}", first.code.code())])
            .collect();
        jobs.insert(format!("{} not looked at", failures.len()), alone(&told));
    }
    if jobs.is_empty() {
        // A pipeline has at least one job.
        jobs.insert("nothing to do".to_owned(), alone(&["true".to_owned()]));
    }
    let setup = Some(file.ci.setup.trim()).filter(|setup| !setup.is_empty());
    let before: Vec<&str> = setup.into_iter().chain([LOGIN]).collect();
    let mut default = json!({ "before_script": before });
    if let Some(image) = &parent.image {
        default["image"] = image.as_str().into();
    }
    jobs.insert("default".to_owned(), default);
    jobs.insert("stages".to_owned(), json!(["build", "merge"]));
    Value::Object(jobs)
}

/// A job that needs nothing.
fn alone(script: &[String]) -> Value {
    json!({ "stage": "merge", "needs": [], "before_script": [], "script": script })
}

/// Words of others, as a shell takes them, in one line.
fn quoted(words: &str) -> String {
    let line = crate::text::line(words);
    let quoted = shlex::try_quote(&line).map(std::borrow::Cow::into_owned);
    quoted.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::failure::{ExitCode, Failure};
    use crate::pipeline::plan::Job;
    use crate::pipeline::plan::tests_support::plan_of;

    use super::*;

    fn job(version: &str, platform: &str) -> Job {
        Job {
            app: "a".to_owned(),
            version: version.to_owned(),
            platform: platform.parse().unwrap(),
            images: vec!["a".to_owned()],
            rebuild: false,
        }
    }

    fn parent() -> Parent {
        Parent {
            pipeline: Some("7".to_owned()),
            job: Some("plan".to_owned()),
            image: Some("r.example/bakehouse:1".to_owned()),
        }
    }

    #[test]
    fn a_job_for_each_batch_and_one_that_merges() {
        let jobs = vec![
            job("1", "linux/amd64"),
            job("2", "linux/amd64"),
            job("1", "linux/arm64"),
        ];
        let mut plan = plan_of(jobs);
        let file = ProjectFile::default();
        plan.batches = batched(&plan, &file, &Times::default());
        let made = pipeline(&plan, &[], true, &file, &parent());
        let names: Vec<&String> = made.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "a 1 linux/arm64",
                "a 1 to 2 linux/amd64 (2 targets)",
                "default",
                "merge",
                "stages"
            ]
        );
        let build = &made["a 1 linux/arm64"];
        assert_eq!(build["tags"], json!(["linux/arm64"]));
        assert_eq!(build["needs"], json!([{ "pipeline": "7", "job": "plan" }]));
        assert_eq!(build["artifacts"]["paths"], json!(["digests", "plan.json"]));
        assert_eq!(made["merge"]["when"], "always");
        assert_eq!(made["merge"].get("needs"), None);
        assert_eq!(made["default"]["image"], "r.example/bakehouse:1");
    }

    #[test]
    fn a_tag_that_was_left_behind_has_the_plan_from_its_parent() {
        let made = pipeline(
            &Plan::default(),
            &[],
            true,
            &ProjectFile::default(),
            &parent(),
        );
        assert_eq!(made["merge"]["needs"][0]["job"], "plan");
    }

    #[test]
    fn what_others_say_is_no_command() {
        let failure = Failure::new(ExitCode::Upstream, "x'; rm -rf /; $(id)\n`id`");
        let failures = [FailureRecord::new(&failure.into())];
        let made = pipeline(
            &Plan::default(),
            &failures,
            false,
            &ProjectFile::default(),
            &parent(),
        );
        let script = &made["1 not looked at"]["script"];
        assert_eq!(script[1], "exit 6");
        let echo = script[0].as_str().unwrap();
        let words = shlex::split(echo).unwrap();
        assert_eq!(words.len(), 3, "{words:?}");
        assert_eq!(words[1], "x'; rm -rf /; $(id)\\n`id`");
        let none = pipeline(
            &Plan::default(),
            &[],
            false,
            &ProjectFile::default(),
            &Parent::default(),
        );
        assert!(none["nothing to do"].is_object(), "{none}");
    }
}
