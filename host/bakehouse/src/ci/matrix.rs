//! A plan as job matrices.

use serde::Serialize;

use crate::config::Runners;
use crate::failure::{ExitCode, Failure};
use crate::pipeline::plan::{Job, Plan};
use crate::text::{self, Text};

/// Jobs that GitHub runs of one matrix.
pub const LARGEST: usize = 256;
/// Bytes of one job output that GitHub keeps: 1 MiB of UTF-16.
const LARGEST_OUTPUT: usize = 1 << 19;

/// One matrix.
#[derive(Debug, Serialize)]
pub struct Batch {
    /// Counted from 1.
    pub number: usize,
    /// Its jobs, at most [`LARGEST`].
    pub jobs: Vec<Entry>,
}

/// One job of a matrix, in words that fit into a shell's variables.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Names the job's artifact and no other's: see [`Job::id`].
    pub id: String,
    /// For people.
    pub name: String,
    /// Names the layer cache that its app shares on this platform.
    pub cache: String,
    /// App name.
    pub app: String,
    /// Version number.
    pub version: String,
    /// Platform.
    pub platform: String,
    /// Images, with commas between them.
    pub images: String,
    /// Label of the runner to build on.
    pub runner: String,
    /// Emulation is to be registered there.
    pub qemu: bool,
    /// Build it anew, whatever there is of it.
    pub rebuild: bool,
}

/// Cuts a plan's jobs into matrices, in their order. Without `emulation` none
/// is set up anywhere.
#[must_use]
pub fn batches(plan: &Plan, runners: &Runners, emulation: bool) -> Vec<Batch> {
    let jobs: Vec<&Job> = plan.jobs().collect();
    jobs.chunks(LARGEST)
        .enumerate()
        .map(|(at, jobs)| Batch {
            number: at + 1,
            jobs: jobs
                .iter()
                .map(|job| entry(job, runners, emulation))
                .collect(),
        })
        .collect()
}

fn entry(job: &Job, runners: &Runners, emulation: bool) -> Entry {
    let images = job.images.join(",");
    let mut name = format!("{} {}", job.app, job.version);
    if images != job.app {
        name = format!("{name} {}", job.images.join("+"));
    }
    Entry {
        id: job.id(),
        name: format!("{name} {}", job.platform),
        cache: format!("{}-{}", job.app, job.platform.slug()),
        app: job.app.clone(),
        version: job.version.clone(),
        platform: job.platform.to_string(),
        images,
        runner: runners.of(&job.platform).to_owned(),
        qemu: emulation && runners.needs_qemu(&job.platform),
        rebuild: job.rebuild,
    }
}

/// The outputs of the job that plans, one `name=value` a line as
/// `$GITHUB_OUTPUT` takes them: `jobs`, their number, and `batches`, as JSON.
///
/// # Errors
/// [`ExitCode::Usage`] when GitHub would not keep an output of this size.
pub fn outputs(batches: &[Batch]) -> Result<Text, Failure> {
    let jobs: usize = batches.iter().map(|batch| batch.jobs.len()).sum();
    let json = text::json_line(batches)
        .map_err(|error| Failure::new(ExitCode::Internal, error.to_string()))?;
    if json.len() > LARGEST_OUTPUT {
        return Err(Failure::new(
            ExitCode::Usage,
            format!("{jobs} jobs are more than a GitHub job output holds"),
        )
        .hint("plan fewer at a time: name apps, or lower --max-versions"));
    }
    let mut lines = Text::new();
    lines.line(format_args!("jobs={jobs}"));
    lines.line(format_args!("batches={json}"));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn job(app: &str, version: &str, platform: &str, images: &[&str]) -> Job {
        Job {
            app: app.to_owned(),
            version: version.to_owned(),
            platform: platform.parse().unwrap(),
            images: images.iter().map(|i| (*i).to_owned()).collect(),
            rebuild: false,
        }
    }

    fn plan(jobs: Vec<Job>) -> Plan {
        let app = json!({
            "name": "a", "recipeVersion": "1", "summary": "", "upstream": "", "license": "", "images": [],
        });
        let version = json!({ "version": { "number": "1" }, "images": [], "jobs": jobs });
        let plan = json!({
            "schema": 1, "registry": "r.example", "namespace": "n",
            "apps": [{ "app": app, "versions": [version] }],
        });
        serde_json::from_value(plan).unwrap()
    }

    #[test]
    fn ids_do_not_collide_and_are_artifact_names() {
        let jobs = [
            job("a", "1-linux", "linux/arm", &["a"]),
            job("a-1", "linux", "linux/arm", &["a"]),
            job("a", "1", "linux/arm/v7", &["a"]),
            job("a", "1", "linux/arm-v7", &["a"]),
            job("a", "1", "linux/arm", &["a", "b"]),
            job("a", "1", "linux/arm", &["a,b"]),
            job("a", "1+b", "linux/arm", &["a"]),
            job("a", "1_b", "linux/arm", &["a"]),
            job(&"x".repeat(300), "1", "linux/arm", &["a"]),
            job(&"x".repeat(300), "2", "linux/arm", &["a"]),
        ];
        let ids: BTreeSet<String> = jobs.iter().map(Job::id).collect();
        assert_eq!(ids.len(), jobs.len());
        for id in &ids {
            assert!(id.len() < 128 && !id.contains(['/', ':', '+', ',']), "{id}");
        }
        assert!(ids.iter().any(|id| id.starts_with("a-1_b-linux-arm-")));
    }

    #[test]
    fn more_than_a_matrix_holds_is_cut() {
        let jobs = |count: usize| {
            let jobs = (0..count).map(|n| job("a", &format!("1.{n}"), "linux/amd64", &["a"]));
            batches(&plan(jobs.collect()), &Runners::default(), true)
        };
        for (count, sizes) in [
            (0, &[][..]),
            (1, &[1]),
            (256, &[256]),
            (257, &[256, 1]),
            (600, &[256, 256, 88]),
        ] {
            let batches = jobs(count);
            let cut: Vec<usize> = batches.iter().map(|batch| batch.jobs.len()).collect();
            assert_eq!(cut, sizes);
            let text = outputs(&batches).unwrap();
            let lines: Vec<&str> = text.as_str().lines().collect();
            assert_eq!(lines.len(), 2);
            assert_eq!(lines[0], format!("jobs={count}"));
            let json = lines[1].strip_prefix("batches=").unwrap();
            let read: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(read.as_array().unwrap().len(), sizes.len());
        }
        let failure = outputs(&jobs(5000)).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Usage);
        assert!(failure.hint_text().unwrap().contains("--max-versions"));
    }

    #[test]
    fn a_job_says_where_it_runs() {
        let runners: Runners = toml::from_str("\"linux/arm64\" = \"ubuntu-24.04-arm\"").unwrap();
        let plan = plan(vec![
            job("a", "1", "linux/amd64", &["a"]),
            job("a", "1", "linux/arm64", &["base", "a"]),
            job("a", "1", "linux/riscv64", &["a"]),
        ]);
        let batches = batches(&plan, &runners, true);
        let seen: Vec<_> = batches[0]
            .jobs
            .iter()
            .map(|job| {
                (
                    job.name.as_str(),
                    job.images.as_str(),
                    job.runner.as_str(),
                    job.qemu,
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("a 1 linux/amd64", "a", "ubuntu-24.04", false),
                (
                    "a 1 base+a linux/arm64",
                    "base,a",
                    "ubuntu-24.04-arm",
                    false
                ),
                ("a 1 linux/riscv64", "a", "ubuntu-24.04", true),
            ]
        );
        let without = super::batches(&plan, &runners, false);
        assert!(without[0].jobs.iter().all(|job| !job.qemu));
    }
}
