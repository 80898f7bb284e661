//! Runs that are kept, found by their names.

use anyhow::Result;

use crate::config::Project;
use crate::failure::{ExitCode, Failure};
use crate::pipeline::report::Report;
use crate::pipeline::run_folder::KeptRun;

/// Runs named in a hint.
const HINT: usize = 5;

/// All runs of a project, newest first.
///
/// # Errors
/// When their folder cannot be read, or there is none.
pub(super) fn all(project: &Project) -> Result<Vec<KeptRun>> {
    let mut runs = KeptRun::all(&project.runs())?;
    runs.reverse();
    match runs.is_empty() {
        true => Err(Failure::new(ExitCode::NotFound, "no run is kept here")
            .hint("run, build and merge keep their runs in .bakehouse/runs")
            .into()),
        false => Ok(runs),
    }
}

/// The run of this name, or whose name begins so; without a name the newest.
///
/// # Errors
/// [`ExitCode::NotFound`] where there is none, or more than one.
pub(super) fn one(project: &Project, name: Option<&str>) -> Result<KeptRun> {
    let all = all(project)?;
    let of = |run: &&KeptRun| name.is_none_or(|name| run.id.starts_with(name));
    let mut found = all.iter().filter(of);
    let (first, second) = (found.next(), found.next());
    match (first, second) {
        (Some(run), None) => Ok(run.clone()),
        (Some(run), Some(_)) if name.is_none_or(|name| run.id == name) => Ok(run.clone()),
        (Some(run), Some(other)) => Err(Failure::new(
            ExitCode::NotFound,
            format!("several runs begin with {}", name.unwrap_or_default()),
        )
        .hint(format!("name one of them: {}, {}, ...", run.id, other.id))
        .into()),
        (None, _) => {
            let newest: Vec<&str> = all.iter().take(HINT).map(|run| run.id.as_str()).collect();
            let message = format!("there is no run {}", name.unwrap_or_default());
            let hint = format!("the newest are {}", newest.join(", "));
            Err(Failure::new(ExitCode::NotFound, message).hint(hint).into())
        }
    }
}

/// The report of a run, an empty one where it has none; none where it cannot be
/// read, which is warned of.
pub(super) fn report(run: &KeptRun) -> Option<Report> {
    match run.report() {
        Ok(report) => Some(report.unwrap_or_else(|| Report {
            ending: run.unended(),
            ..Report::default()
        })),
        Err(error) => {
            tracing::warn!("{error}");
            None
        }
    }
}
