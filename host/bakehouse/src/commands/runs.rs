//! `bakehouse runs`

use anyhow::Result;
use serde::Serialize;

use super::text::faint_if_nothing;
use super::{Session, kept};
use crate::cli::{Format, RunsArgs};
use crate::failure::ExitCode;
use crate::pipeline::report::Ending;
use crate::pipeline::run_folder::KeptRun;
use crate::schema::SchemaNumber;
use crate::text::{Cell, Page, Style, Table};

/// The runs that are kept, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Runs {
    /// Number of the schema.
    schema: SchemaNumber,
    /// Newest first.
    runs: Vec<Line>,
}

/// One run.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    /// Name of its folder.
    run: String,
    /// It is at work.
    running: bool,
    /// The command; empty where its report cannot be read.
    command: String,
    /// The way it ended; none where its report cannot be read.
    ending: Option<Ending>,
    /// The exit code; none before the end.
    exit_code: Option<u8>,
    /// Targets that it built.
    built: usize,
    /// Targets that were in the registry already.
    reused: usize,
    /// Tags that it set.
    tags: usize,
    /// Failures.
    failures: usize,
    /// Wall time in seconds.
    seconds: f64,
}

/// Lists the runs that are kept, newest first.
pub(super) fn runs(session: &Session, args: &RunsArgs) -> Result<ExitCode> {
    let lines: Vec<Line> = kept::all(&session.project()?)?.iter().map(line).collect();
    match args.format {
        Format::Json => session.printer.json(&Runs {
            schema: SchemaNumber::NOW,
            runs: lines,
        })?,
        Format::Text => {
            let page = page(session.printer.new_page(), &lines);
            session.printer.page(&page);
        }
    }
    Ok(ExitCode::Success)
}

/// A run whose report cannot be read is listed all the same.
fn line(run: &KeptRun) -> Line {
    let report = kept::report(run);
    let ending = report.as_ref().map(|report| report.ending);
    let report = report.unwrap_or_default();
    Line {
        run: run.id.clone(),
        running: run.is_running(),
        command: report.command.clone(),
        ending,
        exit_code: report.exit_code,
        built: report.built(),
        reused: report.targets.iter().filter(|target| target.reused).count(),
        tags: report.tags(),
        failures: report.failures.len(),
        seconds: report.seconds,
    }
}

fn page(mut out: Page, lines: &[Line]) -> Page {
    let mut table = Table::new(&[
        "RUN", "ENDED", "BUILT", "REUSED", "TAGS", "FAILED", "TIME", "COMMAND",
    ]);
    for line in lines {
        // Nothing is known of one without a report.
        let number = |number: usize| match line.ending {
            None => faint_if_nothing("-".to_owned()),
            Some(_) => number.to_string().into(),
        };
        let time = match line.exit_code {
            None => "-".to_owned(),
            Some(_) => format!("{:.1} s", line.seconds),
        };
        table.row([
            Cell::from(line.run.clone()).or(short(&line.run)),
            Cell::of(style(line), ended(line)),
            number(line.built),
            number(line.reused),
            number(line.tags),
            match line.failures {
                0 => number(0),
                some => Cell::of(Style::Bad, some.to_string()),
            },
            faint_if_nothing(time),
            line.command.clone().into(),
        ]);
    }
    out.table(&table);
    out
}

/// The second at which a run began names it, where there is little room.
fn short(run: &str) -> &str {
    run.split('.').next().unwrap_or(run)
}

const fn style(line: &Line) -> Style {
    match line.ending {
        Some(Ending::Unfinished) => Style::Busy,
        Some(Ending::Done) if is_alarmed(line) => Style::Odd,
        Some(Ending::Done) => Style::Good,
        Some(Ending::Failed) => Style::Bad,
        Some(Ending::Killed | Ending::Stopped) | None => Style::Odd,
    }
}

const fn ended(line: &Line) -> &'static str {
    match line.ending {
        Some(Ending::Unfinished) => "at work",
        Some(Ending::Killed) => "killed",
        Some(Ending::Done) if is_alarmed(line) => "alarm",
        Some(Ending::Done) => "done",
        Some(Ending::Failed) => "failed",
        Some(Ending::Stopped) => "stopped",
        None => "damaged",
    }
}

/// Says that an alarm decided its exit code.
const fn is_alarmed(line: &Line) -> bool {
    matches!(line.exit_code, Some(1..))
}
