//! `bakehouse runs`

use anyhow::Result;
use serde::Serialize;

use super::text::table;
use super::{Session, kept};
use crate::cli::{Format, RunsArgs};
use crate::failure::ExitCode;
use crate::pipeline::report::Ending;
use crate::pipeline::run_folder::KeptRun;
use crate::text::Text;

/// Version of the list's JSON. It grows by adding fields; a field that changes its
/// meaning makes it 2.
const SCHEMA: u32 = 1;

/// The runs that are kept, as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Runs {
    schema: u32,
    /// Newest first.
    runs: Vec<Line>,
}

/// One run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    run: String,
    /// It is at work.
    running: bool,
    /// The command; empty where its report cannot be read.
    command: String,
    ending: Ending,
    exit_code: Option<u8>,
    built: usize,
    reused: usize,
    tags: usize,
    failures: usize,
    seconds: f64,
}

/// Lists the runs that are kept, newest first.
pub(super) fn runs(session: &Session, args: &RunsArgs) -> Result<ExitCode> {
    let lines: Vec<Line> = kept::all(&session.project()?)?.iter().map(line).collect();
    match args.format {
        Format::Json => session.printer.json(&Runs {
            schema: SCHEMA,
            runs: lines,
        })?,
        Format::Text => session.printer.data(&text(&lines)),
    }
    Ok(ExitCode::Success)
}

/// A run whose report cannot be read is listed all the same.
fn line(run: &KeptRun) -> Line {
    let report = run.report().unwrap_or_else(|error| {
        tracing::warn!("{error}");
        None
    });
    let report = report.unwrap_or_default();
    Line {
        run: run.id.clone(),
        running: run.is_running(),
        command: report.command.clone(),
        ending: report.ending,
        exit_code: report.exit_code,
        built: report.built(),
        reused: report.targets.iter().filter(|target| target.reused).count(),
        tags: report.tags(),
        failures: report.failures.len(),
        seconds: report.seconds,
    }
}

fn text(lines: &[Line]) -> Text {
    let head = [
        "RUN", "ENDED", "BUILT", "REUSED", "TAGS", "FAILED", "TIME", "COMMAND",
    ];
    let rows = lines.iter().map(|line| {
        let time = match line.exit_code {
            None => "-".to_owned(),
            Some(_) => format!("{:.1} s", line.seconds),
        };
        vec![
            line.run.clone(),
            ended(line).to_owned(),
            line.built.to_string(),
            line.reused.to_string(),
            line.tags.to_string(),
            line.failures.to_string(),
            time,
            line.command.clone(),
        ]
    });
    table(std::iter::once(head.map(str::to_owned).to_vec()).chain(rows))
}

const fn ended(line: &Line) -> &'static str {
    match line.ending {
        Ending::Unfinished if line.running => "at work",
        Ending::Unfinished => "killed",
        Ending::Done => "done",
        Ending::Failed => "failed",
        Ending::Stopped => "stopped",
    }
}
