//! Frames of the view: rows for a terminal of any size.
//!
//! A run of four hundred targets takes no more room than one of four: those that
//! wait or are done are numbers, and only what is at work has a row of its own.

use std::time::Duration;

use super::board::{Board, Counts, Look, Phase, Steps, TargetState};
use super::estimate::estimate;
use super::glyphs::Glyphs;
use crate::text::{Row, Style, bytes, count, width};

/// Rows that are drawn at most, however high the terminal is.
const HIGHEST: usize = 24;
/// Apps that are named while a stage looks at them.
const LOOKED_AT: usize = 6;
/// The time that an app is looked at before it is named.
const PATIENCE: Duration = Duration::from_secs(1);
/// Columns that a step has at least, and half of those for it and what it prints.
const NARROW: usize = 20;

/// The room of a frame, and its time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Canvas {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Since the command began.
    pub(super) now: Duration,
    pub(super) glyphs: Glyphs,
}

/// The rows of now; none where nothing is at work.
pub(super) fn frame(board: &Board, canvas: &Canvas) -> Vec<Row> {
    let rows = match board.looks.iter().find(|(_, look)| look.is_open()) {
        Some((stage, look)) => looking(&stage.to_string(), look, canvas),
        None if board.building.is_some() => building(board, canvas),
        None => Vec::new(),
    };
    // The last column is the cursor's.
    let columns = canvas.columns.saturating_sub(1).max(1);
    let cut = |row: Row| row.cut(columns, canvas.glyphs.more);
    let most = canvas.rows.saturating_sub(1).max(1);
    rows.into_iter().take(most).map(cut).collect()
}

/// A stage that looks at apps, and those that let it wait.
fn looking(stage: &str, look: &Look, canvas: &Canvas) -> Vec<Row> {
    let mut head = Row::of(Style::Strong, stage);
    head.push(
        Style::Plain,
        &format!("  {} of {} apps", look.done, look.apps),
    );
    if look.failed > 0 {
        head.push(Style::Bad, &format!(", {} failed", look.failed));
    }
    let waited = canvas.now.saturating_sub(look.begun);
    head.push(Style::Faint, &format!("  {}", clock(waited)));
    let mut rows = vec![head];
    let slow: Vec<_> = look
        .open
        .iter()
        .filter(|(_, since)| canvas.now.saturating_sub(*since) >= PATIENCE)
        .collect();
    let most = LOOKED_AT.min(canvas.rows.saturating_sub(3));
    for (app, since) in slow.iter().take(most) {
        let row = spinner(canvas).with(Style::Plain, app);
        let waited = clock(canvas.now.saturating_sub(*since));
        rows.push(row.with(Style::Faint, &format!("  {waited}")));
    }
    more(&mut rows, slow.len().saturating_sub(most), "apps");
    rows
}

/// The targets at work, below numbers of all of them.
fn building(board: &Board, canvas: &Canvas) -> Vec<Row> {
    let mut rows = head(board, canvas);
    let room = HIGHEST.min(canvas.rows.saturating_sub(1));
    let mut apps: Vec<&str> = Vec::new();
    let mut all_apps: Vec<&str> = Vec::new();
    for target in &board.targets {
        let app = target.id.app.as_str();
        if !all_apps.contains(&app) {
            all_apps.push(app);
        }
        if matches!(target.phase, Phase::Running { .. }) && !apps.contains(&app) {
            apps.push(app);
        }
    }
    let running = |app: &str| {
        let of = board
            .targets
            .iter()
            .filter(move |target| target.id.app == app);
        of.filter(|target| matches!(target.phase, Phase::Running { .. }))
            .collect::<Vec<_>>()
    };
    let work: usize = apps.iter().map(|app| running(app).len()).sum();
    // Heads of apps are the first that goes for want of room.
    let heads = all_apps.len() > 1 && rows.len() + apps.len() + work <= room;
    let label = |target: &TargetState| match heads || all_apps.len() == 1 {
        true => short(target),
        false => format!("{} {}", target.id.app, short(target)),
    };
    let labels = apps.iter().flat_map(|app| running(app));
    let widest = labels.map(|target| width::columns(&label(target))).max();
    let widest = widest.unwrap_or(0).min(canvas.columns / 2);
    let mut left = room.saturating_sub(rows.len());
    let all_fit = heads || work <= left;
    if !all_fit {
        left = left.saturating_sub(1);
    }
    let mut hidden = 0;
    for app in apps {
        if heads {
            rows.push(of_app(app, board));
        }
        for target in running(app) {
            if !heads && left == 0 {
                hidden += 1;
                continue;
            }
            left = left.saturating_sub(1);
            rows.push(at_work(target, &label(target), widest, canvas));
        }
    }
    more(&mut rows, hidden, "targets at work");
    rows
}

/// Numbers of all targets, and of what they did.
fn head(board: &Board, canvas: &Canvas) -> Vec<Row> {
    let counts = Counts::of(&board.targets);
    let open = counts.queued + counts.running;
    let stage = if open > 0 { "build" } else { "publish" };
    let began = board.building.unwrap_or_default();
    let elapsed = clock(canvas.now.saturating_sub(began));
    let mut first = vec![
        Part::plain(format!("{} of {} done", counts.done, counts.all())),
        Part::of(counts.failed, Style::Bad, |n| format!("{n} failed")),
        Part::of(counts.running, Style::Busy, |n| format!("{n} running")),
        Part::of(counts.queued, Style::Plain, |n| format!("{n} queued")),
    ];
    first.push(Part::faint(elapsed));
    if let Some(estimate) = estimate(board, canvas.now) {
        first.push(Part::faint(estimate.words()));
    }
    let mut steps = Steps::default();
    let (mut sent, mut skipped) = (0_u64, 0_u64);
    for target in &board.targets {
        steps.done += target.steps.done;
        steps.cached += target.steps.cached;
        steps.total += target.steps.total;
        sent = sent.saturating_add(target.sent);
        skipped = skipped.saturating_add(target.skipped);
    }
    let second = vec![
        Part::of(steps.total, Style::Plain, |total| {
            format!("{} of {total} steps, {} cached", steps.done, steps.cached)
        }),
        Part::of(sent / 1000, Style::Plain, |_| {
            format!("{} pushed", bytes(sent))
        }),
        Part::of(skipped / 1000, Style::Plain, |_| {
            format!("{} there already", bytes(skipped))
        }),
        Part::of(board.tags, Style::Good, |tags| {
            format!("{} set", count(tags, "tag"))
        }),
        Part::of(board.retries, Style::Odd, |retries| {
            format!("{} repeated", count(retries, "request"))
        }),
    ];
    let mut rows = vec![Row::of(Style::Strong, stage)];
    let indent = stage.len() + 2;
    joined(&mut rows, first, indent, canvas);
    let mut below = vec![Row::of(Style::Plain, &" ".repeat(stage.len()))];
    let has_more = second.iter().any(|part| !part.words.is_empty());
    if has_more && canvas.rows > 6 {
        joined(&mut below, second, indent, canvas);
        rows.append(&mut below);
    }
    rows
}

/// A part of a head row.
struct Part {
    style: Style,
    words: String,
}

impl Part {
    const fn plain(words: String) -> Self {
        Self {
            style: Style::Plain,
            words,
        }
    }

    const fn faint(words: String) -> Self {
        Self {
            style: Style::Faint,
            words,
        }
    }

    /// Nothing, where the number is zero.
    fn of<N: Copy + Default + PartialEq>(
        number: N,
        style: Style,
        words: impl FnOnce(N) -> String,
    ) -> Self {
        let words = match number == N::default() {
            true => String::new(),
            false => words(number),
        };
        Self { style, words }
    }
}

/// Puts parts into the last row, and into further ones where they do not fit.
fn joined(rows: &mut Vec<Row>, parts: Vec<Part>, indent: usize, canvas: &Canvas) {
    let mut first = true;
    for part in parts.into_iter().filter(|part| !part.words.is_empty()) {
        let taken = rows.last().map_or(0, Row::columns);
        let wanted = width::columns(&part.words) + 2;
        if !first && taken + wanted >= canvas.columns {
            rows.push(Row::of(Style::Plain, &" ".repeat(indent - 2)));
            first = true;
        }
        if let Some(row) = rows.last_mut() {
            row.push(Style::Plain, if first { "  " } else { ", " });
            row.push(part.style, &part.words);
        }
        first = false;
    }
}

/// An app, with the numbers of its targets.
fn of_app(app: &str, board: &Board) -> Row {
    let counts = Counts::of(board.targets.iter().filter(|target| target.id.app == app));
    let mut row = Row::of(Style::Strong, app);
    let numbers = format!("  {} of {}", counts.done, counts.all());
    row.push(Style::Faint, &numbers);
    if counts.failed > 0 {
        row.push(Style::Bad, &format!(", {} failed", counts.failed));
    }
    row
}

/// A target at work: its step, and the last line that it printed.
fn at_work(target: &TargetState, label: &str, widest: usize, canvas: &Canvas) -> Row {
    let Phase::Running {
        since,
        step,
        output,
    } = &target.phase
    else {
        return Row::new();
    };
    let time = clock(canvas.now.saturating_sub(*since));
    let label = width::cut(label, widest, canvas.glyphs.more);
    let mut row = spinner(canvas).with(Style::Plain, &width::padded(&label, widest));
    // The time stands at the right margin.
    let end = canvas.columns.saturating_sub(width::columns(&time) + 3);
    let room = end.saturating_sub(row.columns() + 2);
    let counted = match target.steps.total {
        0 => String::new(),
        total => format!("{}/{total} ", target.steps.done),
    };
    let mut said = Row::of(Style::Faint, &counted).with(Style::Plain, step);
    let printed = Row::of(Style::Faint, &format!(" {} {output}", canvas.glyphs.bar));
    if !output.is_empty() && room >= 2 * NARROW {
        // A long step leaves room for the end of what it prints.
        let least = printed.columns().min(room * 2 / 5);
        said = said.cut(room - least, canvas.glyphs.more).and(printed);
    }
    let said = said.cut(room, canvas.glyphs.more);
    row.push(Style::Plain, "  ");
    let taken = row.columns() + said.columns();
    let row = row.and(said);
    let gap = (end + 1).saturating_sub(taken);
    row.with(Style::Plain, &" ".repeat(gap))
        .with(Style::Faint, &time)
}

fn short(target: &TargetState) -> String {
    let id = &target.id;
    match id.image == id.app {
        true => format!("{} {}", id.version, id.platform),
        false => format!("{} {} {}", id.version, id.image, id.platform),
    }
}

fn spinner(canvas: &Canvas) -> Row {
    Row::of(
        Style::Busy,
        &format!("  {} ", canvas.glyphs.spinner(canvas.now)),
    )
}

fn more(rows: &mut Vec<Row>, count: usize, what: &str) {
    if count > 0 {
        rows.push(Row::of(
            Style::Faint,
            &format!("    and {count} more {what}"),
        ));
    }
}

/// Minutes and seconds, or hours and minutes.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!(
            "{}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        ),
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
