//! Events as rows that stay.

use std::time::Duration;

use bakehouse_core::progress::{Event, Looking};

use super::tails::More;
use crate::text::{Row, Style, count};

/// The row of an event that is worth keeping; none for mere steps.
pub(super) fn row(event: Event<'_>) -> Option<Row> {
    Some(match event {
        Event::Stage { name, detail } => stage(name, detail),
        Event::AppStarted {
            stage: Looking::Load,
            ..
        } => return None,
        Event::AppStarted {
            stage: looking,
            app,
            detail,
        } => match detail {
            "" => stage(&looking.to_string(), app),
            detail => stage(&looking.to_string(), &format!("{app}: {detail}")),
        },
        Event::TargetStarted { target } => Row::of(Style::Plain, &format!("{target}: started")),
        Event::TargetFinished {
            target,
            digest,
            reused: true,
            ..
        } => Row::of(Style::Plain, &format!("{target}: "))
            .with(Style::Good, "there already")
            .with(Style::Plain, &format!(", {digest}")),
        Event::TargetFinished {
            target,
            digest,
            elapsed,
            aside,
            ..
        } => {
            let seconds = elapsed.as_secs_f64();
            let done = if aside { "built" } else { "pushed" };
            Row::of(Style::Plain, &format!("{target}: "))
                .with(Style::Good, done)
                .with(Style::Plain, &format!(" {digest} in {seconds:.1} s"))
        }
        Event::Tagged { reference, to } => {
            Row::of(Style::Good, "tagged").with(Style::Plain, &format!(" {reference} -> {to}"))
        }
        Event::Warning { message } => {
            Row::of(Style::Odd, "warning").with(Style::Plain, &format!(": {message}"))
        }
        Event::Note { message } => Row::of(Style::Plain, message),
        Event::AppsQueued { .. }
        | Event::AppFinished { .. }
        | Event::AppFailed { .. }
        | Event::TargetsQueued { .. }
        | Event::TargetStep { .. }
        | Event::TargetSteps { .. }
        | Event::TargetOutput { .. }
        | Event::TargetPushed { .. }
        | Event::TargetFailed { .. }
        | Event::Retry { .. }
        | Event::Log { .. }
        | Event::Failure { .. }
        | Event::Ended { .. } => return None,
    })
}

fn stage(name: &str, detail: &str) -> Row {
    Row::of(Style::Strong, &format!("==> {name}: ")).with(Style::Plain, detail)
}

/// The row of a stage that looks at many apps; none for one that is over at once.
pub(super) fn apps(looking: Looking, apps: usize) -> Option<Row> {
    let row = || stage(&looking.to_string(), &count(apps, "app"));
    (looking != Looking::Load).then(row)
}

/// The row of a request that is repeated, after so many like it that were not told.
pub(super) fn retry(what: &str, after: Duration, untold: usize) -> Row {
    let pause = after.as_millis();
    let row = Row::of(Style::Odd, &format!("{what}; trying again in {pause} ms"));
    match untold {
        0 => row,
        untold => row.with(Style::Faint, &format!(" ({untold} more like it before)")),
    }
}

/// The rows of a target that failed: the cause, the end of what it said, its log,
/// and how to see it again; one row where another one failed so before.
pub(super) fn failure(event: Event<'_>, more: &More) -> Vec<Row> {
    let Event::TargetFailed {
        target,
        error,
        log,
        reproduce,
        ..
    } = event
    else {
        return Vec::new();
    };
    let head = |why: &str| {
        Row::of(Style::Plain, &format!("{target}: "))
            .with(Style::Bad, "FAILED")
            .with(Style::Plain, &format!(": {why}"))
    };
    let last = match more {
        More::As(first) => return vec![head(&format!("for the same reason as {first}"))],
        More::Lines(last) => last,
    };
    let indented = |line: &str| Row::of(Style::Plain, &format!("  {line}"));
    let mut lines = error.lines();
    let first = lines.next().unwrap_or_default();
    let first = first.strip_prefix(&format!("{target}: ")).unwrap_or(first);
    let mut rows = vec![head(first)];
    rows.extend(lines.map(|line| match line.starts_with("  ") {
        true => Row::of(Style::Plain, line),
        false => indented(line),
    }));
    rows.extend(last.iter().map(|line| indented(line)));
    let named = |name: &str, value: &str| {
        Row::of(Style::Faint, &format!("  {name}: ")).with(Style::Plain, value)
    };
    rows.extend(log.map(|log| named("log", log)));
    if !reproduce.is_empty() {
        rows.push(named("to see it again", reproduce));
    }
    rows
}
