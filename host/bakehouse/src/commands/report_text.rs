//! The end of a command that builds or publishes.

use super::text::{epilogue, platforms};
use crate::pipeline::report::{Ending, Report};
use crate::text::{Cell, Page, Row, Style, Table, count, short_digest, some};

/// Names listed at most of what is not done.
const LISTED: usize = 10;

/// The end of a command, whatever it was; `logs` are where its targets' are.
pub(super) fn report_page(mut out: Page, report: &Report, logs: Option<&str>) -> Page {
    if let Some(results) = results(report) {
        out.table(&results);
    }
    let notes = report.notes.iter().map(String::as_str);
    if !out.is_empty() {
        out.blank();
    } else if report.ending == Ending::Done && report.moved.is_empty() {
        out.line(match report.held.is_empty() {
            true => "everything is published, nothing to build",
            false => "nothing was built; what is missing failed before",
        });
        epilogue(&mut out, &report.destination, notes);
        return out;
    }
    for image in &report.images {
        if let Some(revision) = &image.revision {
            let words = format_args!("{revision} keeps what {} was", image.reference);
            out.words(Row::new(), words);
        }
    }
    for (tag, version) in &report.moved {
        out.line(format_args!("{tag} -> {version}"));
    }
    for target in &report.targets {
        for warning in &target.warnings {
            let label = Row::of(Style::Odd, "warning").with(Style::Plain, ": ");
            out.words(label, format_args!("{}: {warning}", target.target));
        }
    }
    for image in &report.images {
        for (tag, reason) in &image.kept {
            let image = &image.reference;
            let words = format_args!("tag {tag} was left alone for {image}: {reason}");
            out.words(Row::new(), words);
        }
    }
    left(&mut out, report);
    epilogue(&mut out, &report.destination, notes);
    if report.ending != Ending::Done {
        if let Some(logs) = logs {
            out.row(Row::of(Style::Faint, "logs: ").with(Style::Plain, logs));
        }
        if let Some(next) = &report.next {
            out.row(Row::of(Style::Faint, "to go on, run: ").with(Style::Plain, next));
        }
    }
    out.prose(&totals(report));
    out
}

/// The work that was to be done, and is not.
fn left(out: &mut Page, report: &Report) {
    let unbuilt: Vec<_> = report.unbuilt.iter().map(ToString::to_string).collect();
    for (what, names) in [
        ("not built", &unbuilt),
        ("not published", &report.unpublished),
    ] {
        if !names.is_empty() {
            let label = Row::of(Style::Odd, what).with(Style::Plain, ": ");
            out.words(label, some(names, LISTED));
        }
    }
}

/// The indexes, or where there are none the targets.
fn results(report: &Report) -> Option<Table> {
    let digest = |digest: &str| Cell::from(digest).or(short_digest(digest));
    if !report.images.is_empty() {
        let mut table = Table::new(&["IMAGE", "DIGEST", "PLATFORMS"]);
        for image in &report.images {
            table.row([
                image.reference.clone().into(),
                digest(&image.digest),
                platforms(&image.platforms),
            ]);
        }
        return Some(table);
    }
    // Those that failed are told by their causes.
    let mut table = Table::new(&["TARGET", "DIGEST"]);
    for target in &report.targets {
        if let Some(known) = &target.digest {
            table.row([target.target.clone().into(), digest(known)]);
        }
    }
    (!table.is_empty()).then_some(table)
}

/// Numbers of a run, in one line.
fn totals(report: &Report) -> Row {
    let reused = report.targets.iter().filter(|target| target.reused).count();
    let mut out = match report.ending {
        Ending::Unfinished => Row::of(Style::Busy, "at work: "),
        Ending::Killed => Row::of(Style::Odd, "killed: "),
        Ending::Stopped => Row::of(Style::Odd, "stopped: "),
        Ending::Done | Ending::Failed => Row::new(),
    };
    let done = match report.ending {
        Ending::Done => Style::Good,
        _ => Style::Plain,
    };
    let (built, tags) = (report.built(), report.tags());
    out.push(
        done,
        &format!("built {built}, reused {reused}, tags set {tags}"),
    );
    if report.retries > 0 {
        let repeated = format!(", requests repeated {}", report.retries);
        out.push(Style::Odd, &repeated);
    }
    if !report.failures.is_empty() {
        out.push(Style::Plain, ", ");
        out.push(Style::Bad, &format!("FAILED {}", report.failures.len()));
    }
    if !report.alarms.is_empty() {
        out.push(Style::Plain, ", ");
        out.push(Style::Odd, &count(report.alarms.len(), "alarm"));
    }
    let steps: usize = report.targets.iter().map(|target| target.steps).sum();
    let cached: usize = report.targets.iter().map(|target| target.cached).sum();
    if steps > 0 {
        let words = format!(", {cached} of {steps} steps cached");
        out.push(Style::Faint, &words);
    }
    if report.seconds > 0.0 {
        out.push(Style::Faint, &format!(", in {:.1} s", report.seconds));
    }
    out
}
