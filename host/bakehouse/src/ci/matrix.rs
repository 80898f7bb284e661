//! A plan as a job matrix.

use serde::Serialize;

use crate::config::{CacheChoice, ProjectFile};
use crate::failure::{ExitCode, Failure};
use crate::pipeline::batches;
use crate::pipeline::batches::{Batch, Cut};
use crate::pipeline::plan::{Job, Plan};
use crate::pipeline::times::Times;
use crate::text::{self, Text};

/// Bytes of one job output that GitHub keeps: 1 MiB of UTF-16.
const LARGEST_OUTPUT: usize = 1 << 19;

/// One job of the matrix, in words that fit into a shell's variables.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Names the batch, and its artifact: see [`Batch::id`].
    pub id: String,
    /// For people.
    pub name: String,
    /// Label of the runner to build on.
    pub runner: String,
    /// Platform to emulate there; empty where none is.
    pub qemu: String,
    /// Names the layers that are kept for it; empty where none are: those of
    /// several apps would be of no use to any of them tomorrow.
    pub cache: String,
}

/// The batches of a plan, as this project's machines take them.
#[must_use]
pub fn batches(plan: &Plan, file: &ProjectFile, times: &Times) -> Vec<Batch> {
    let cut = Cut {
        times,
        emulated: |platform: &_| file.runners.needs_qemu(platform),
        minutes: file.ci.job_minutes(),
    };
    batches::batches(plan, &cut)
}

/// A plan's batches as a matrix. Without `emulation` none is set up anywhere.
#[must_use]
pub fn matrix(plan: &Plan, file: &ProjectFile, emulation: bool) -> Vec<Entry> {
    let entry = |batch: &Batch| Entry {
        id: batch.id.clone(),
        name: name(plan, batch),
        runner: file.runners.of(&batch.platform).to_owned(),
        qemu: match emulation && file.runners.needs_qemu(&batch.platform) {
            true => batch.platform.to_string(),
            false => String::new(),
        },
        cache: match (batch.apps.as_slice(), file.cache) {
            ([app], None | Some(CacheChoice::Local)) => {
                format!("{app}-{}", batch.platform.slug())
            }
            _ => String::new(),
        },
    };
    plan.batches.iter().map(entry).collect()
}

/// A batch's name, for people.
pub(super) fn name(plan: &Plan, batch: &Batch) -> String {
    let platform = &batch.platform;
    let jobs = plan.jobs().filter(|job| batch.jobs.contains(&job.id()));
    let jobs: Vec<&Job> = jobs.collect();
    let what = match jobs.as_slice() {
        [job] => {
            let images = match job.images.as_slice() {
                [image] if *image == job.app => String::new(),
                images => format!(" {}", images.join("+")),
            };
            return format!("{} {}{images} {platform}", job.app, job.version);
        }
        [first, .., last] if first.app == last.app && first.version == last.version => {
            format!("{} {}", first.app, first.version)
        }
        [first, .., last] if first.app == last.app => {
            format!("{} {} to {}", first.app, first.version, last.version)
        }
        [first, .., last] => format!("{} to {}", first.app, last.app),
        [] => String::new(),
    };
    let targets = text::count(batch.targets, "target");
    format!("{what} {platform} ({targets})")
}

/// The outputs of the job that plans, one `name=value` a line as
/// `$GITHUB_OUTPUT` takes them: `jobs`, the number of build jobs; `matrix`, as
/// JSON; and under a name whether a later job is wanted: `merge`, which tags, or
/// `touched`, which tells of a change.
///
/// # Errors
/// [`ExitCode::Usage`] when GitHub would not keep an output of this size.
pub fn outputs(matrix: &[Entry], later: &str, wanted: bool) -> Result<Text, Failure> {
    let json = text::json_line(matrix)
        .map_err(|error| Failure::new(ExitCode::Internal, error.to_string()))?;
    if json.len() > LARGEST_OUTPUT {
        return Err(Failure::new(
            ExitCode::Usage,
            format!(
                "{} jobs are more than a GitHub job output holds",
                matrix.len()
            ),
        )
        .hint("plan fewer at a time: name apps, or lower --max-versions"));
    }
    let mut lines = Text::new();
    lines.line(format_args!("jobs={}", matrix.len()));
    lines.line(format_args!("matrix={json}"));
    lines.line(format_args!("{later}={wanted}"));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::plan::tests_support::plan_of;

    fn job(app: &str, version: &str, platform: &str, images: &[&str]) -> Job {
        Job {
            app: app.to_owned(),
            version: version.to_owned(),
            platform: platform.parse().unwrap(),
            images: images.iter().map(|i| (*i).to_owned()).collect(),
            rebuild: false,
        }
    }

    fn planned(jobs: Vec<Job>, file: &ProjectFile) -> Plan {
        let mut plan = plan_of(jobs);
        plan.batches = batches(&plan, file, &Times::default());
        plan
    }

    #[test]
    fn outputs_are_lines_that_a_runner_reads() {
        let file = ProjectFile::default();
        for count in [0, 1, 5000] {
            let jobs = (0..count).map(|n| job("a", &format!("1.{n}"), "linux/amd64", &["a"]));
            let plan = planned(jobs.collect(), &file);
            let matrix = matrix(&plan, &file, true);
            assert!(matrix.len() <= batches::MOST);
            let text = outputs(&matrix, "merge", count > 0).unwrap();
            let lines: Vec<&str> = text.as_str().lines().collect();
            assert_eq!(lines[0], format!("jobs={}", matrix.len()));
            let json = lines[1].strip_prefix("matrix=").unwrap();
            let read: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(read.as_array().unwrap().len(), matrix.len());
            assert_eq!(lines[2], format!("merge={}", count > 0));
            assert_eq!(lines.len(), 3);
        }
    }

    #[test]
    fn a_job_says_where_it_runs_and_what_it_keeps() {
        let mut file = ProjectFile {
            runners: toml::from_str("\"linux/arm64\" = \"ubuntu-24.04-arm\"").unwrap(),
            ..ProjectFile::default()
        };
        let plan = planned(
            vec![
                job("a", "1", "linux/amd64", &["a"]),
                job("a", "1", "linux/arm64", &["base", "a"]),
                job("a", "1", "linux/riscv64", &["a"]),
                job("a", "2", "linux/riscv64", &["a"]),
            ],
            &file,
        );
        let seen = |matrix: &[Entry]| -> Vec<String> {
            let line = |e: &Entry| format!("{} | {} | {} | {}", e.name, e.runner, e.qemu, e.cache);
            matrix.iter().map(line).collect()
        };
        assert_eq!(
            seen(&matrix(&plan, &file, true)),
            [
                "a 1 linux/amd64 | ubuntu-24.04 |  | a-linux-amd64",
                "a 1 base+a linux/arm64 | ubuntu-24.04-arm |  | a-linux-arm64",
                "a 1 to 2 linux/riscv64 (2 targets) | ubuntu-24.04 | linux/riscv64 | a-linux-riscv64",
            ]
        );
        assert!(
            matrix(&plan, &file, false)
                .iter()
                .all(|job| job.qemu.is_empty())
        );
        // Layers that the project keeps elsewhere are nothing for the workflow.
        file.cache = Some(CacheChoice::Registry);
        assert!(
            matrix(&plan, &file, true)
                .iter()
                .all(|job| job.cache.is_empty())
        );
    }
}
