//! Summaries as GitHub-flavoured Markdown.
//!
//! What others decide is in code spans and fenced blocks: there nothing is
//! Markdown or HTML, and GitHub makes no links, mentions or issues of it.

use std::fmt::Write as _;

use crate::pipeline::causes::{Cause, causes};
use crate::pipeline::destination::Destination;
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::plan::Plan;
use crate::pipeline::report::{Ending, ImageReport, Report, TargetReport};
use crate::pipeline::web_page::link;
use crate::text::{Text, bytes, count, line, short_digest};
use crate::told_cause::ToldCause;

/// Characters of one failure's message; GitHub keeps 1 MiB of a step's summary.
const LONGEST: usize = 4000;

/// Names listed at most of what is not done.
const LISTED: usize = 50;

pub(super) fn report(summary: &Report) -> String {
    let mut out = String::new();
    match summary.ending {
        // A page that stays when it is killed says so beforehand.
        Ending::Unfinished => out.push_str("**The command is at work, or was killed.**\n\n"),
        Ending::Killed => out.push_str("**The command was killed before its end.**\n\n"),
        Ending::Stopped => out.push_str("**The command was stopped before its end.**\n\n"),
        Ending::Done | Ending::Failed => {}
    }
    if !summary.targets.is_empty() {
        let failed = summary
            .targets
            .iter()
            .filter(|target| target.digest.is_none());
        let failed = failed.count();
        let built = summary.targets.len() - failed;
        let _ = writeln!(
            out,
            "### {built} of {} targets are pushed\n",
            summary.targets.len()
        );
        let head = [
            "App",
            "Version",
            "Image",
            "Platform",
            "Digest",
            "Size",
            "Time",
            "Cached steps",
        ];
        table(&mut out, &head, summary.targets.iter().map(target));
    }
    if !summary.images.is_empty() {
        let _ = writeln!(out, "### {}\n", count(summary.images.len(), "image"));
        let head = ["Image", "Index", "Platforms", "Tag"];
        table(&mut out, &head, summary.images.iter().map(image));
    }
    for (tag, version) in &summary.moved {
        let _ = writeln!(out, "- {} shows {} now", code(tag), code(version));
    }
    if !summary.moved.is_empty() {
        out.push('\n');
    }
    let mut warned = false;
    for target in &summary.targets {
        for warning in &target.warnings {
            let _ = writeln!(out, "- {}: {}", text(&target.target), text(warning));
            warned = true;
        }
    }
    if warned {
        out.push('\n');
    }
    if !summary.failures.is_empty() {
        let _ = writeln!(out, "### {}\n", count(summary.failures.len(), "failure"));
    }
    for cause in causes(&summary.failures) {
        out.push_str(&fenced(&told(&cause)));
    }
    if !summary.alarms.is_empty() {
        let _ = writeln!(out, "### {}\n", count(summary.alarms.len(), "alarm"));
    }
    for alarm in &summary.alarms {
        let mut text = Text::new();
        text.message("", &alarm.message);
        text.message("hint: ", &alarm.hint);
        out.push_str(&fenced(&text));
    }
    let unbuilt = summary.unbuilt.iter().map(ToString::to_string);
    left(&mut out, "target", "not built", unbuilt);
    let unpublished = summary.unpublished.iter().cloned();
    left(&mut out, "image", "not published", unpublished);
    if let Some(next) = &summary.next {
        let _ = writeln!(out, "To go on: {}\n", code(next));
    }
    if out.is_empty() {
        out.push_str(match summary.held.is_empty() {
            true => "Everything is published, nothing was built.\n\n",
            false => "Nothing was built; what is missing failed before.\n\n",
        });
    }
    let notes = summary.notes.iter().map(String::as_str);
    epilogue(&mut out, &summary.destination, notes);
    out
}

/// The work that is not done, by name.
fn left(out: &mut String, thing: &str, lacks: &str, names: impl ExactSizeIterator<Item = String>) {
    let number = names.len();
    if number == 0 {
        return;
    }
    let are = if number == 1 { "is" } else { "are" };
    let _ = writeln!(out, "### {} {are} {lacks}\n", count(number, thing));
    for name in names.take(LISTED) {
        let _ = writeln!(out, "- {}", text(&name));
    }
    if let Some(more @ 1..) = number.checked_sub(LISTED) {
        let _ = writeln!(out, "- and {more} more");
    }
    out.push('\n');
}

/// The end of every page: notes, and the destination.
fn epilogue<'a>(out: &mut String, destination: &Destination, notes: impl Iterator<Item = &'a str>) {
    let before = out.len();
    for note in notes {
        let _ = writeln!(out, "- {}", text(note));
    }
    if out.len() > before {
        out.push('\n');
    }
    if destination.is_known() {
        let _ = writeln!(out, "Destination: {}\n", text(&destination.to_string()));
    }
}

/// What a plan is going to do.
pub(super) fn plan(plan: &Plan, failures: &[FailureRecord]) -> String {
    let mut out = String::new();
    let failed = failures.len();
    if failed > 0 {
        let _ = writeln!(out, "### {failed} could not be looked at\n");
    }
    for cause in causes(failures) {
        out.push_str(&fenced(&told(&cause)));
    }
    let targets = plan.target_count();
    if targets == 0 {
        out.push_str(match failed {
            0 if plan.held().is_empty() => "Everything is published, nothing to build.\n\n",
            0 => "Nothing to build now; what is missing failed before.\n\n",
            _ => "Nothing to build of what could be.\n\n",
        });
        epilogue(&mut out, &plan.destination, plan.notes());
        return out;
    }
    let (targets, jobs) = (count(targets, "target"), count(plan.jobs().count(), "job"));
    let _ = writeln!(out, "### {targets} to build in {jobs}\n");
    let rows = plan.apps.iter().flat_map(|app| {
        let versions = app.versions.iter().flat_map(|version| {
            let images = version.images.iter().filter(|image| !image.is_done());
            images.map(move |image| (version, image))
        });
        versions.map(move |(version, image)| {
            vec![
                text(&app.app.name),
                text(&version.version.number),
                text(&image.image),
                match image.unpublished {
                    true => "never".to_owned(),
                    false => joined(&image.present),
                },
                match image.is_held() {
                    true => "later".to_owned(),
                    false => joined(&image.to_build().collect::<Vec<_>>()),
                },
                joined(&image.why()),
            ]
        })
    });
    table(
        &mut out,
        &["App", "Version", "Image", "Published", "To build", "Reason"],
        rows,
    );
    epilogue(&mut out, &plan.destination, plan.notes());
    out
}

fn target(target: &TargetReport) -> Vec<String> {
    let digest = match &target.digest {
        Some(digest) => linked(&short_digest(digest), target.link.as_deref()),
        None => "**failed**".to_owned(),
    };
    let time = if target.reused {
        "there already".to_owned()
    } else {
        format!("{:.1} s", target.seconds)
    };
    let cached = if target.steps == 0 {
        "-".to_owned()
    } else {
        format!("{} of {}", target.cached, target.steps)
    };
    vec![
        text(&target.id.app),
        text(&target.id.version),
        text(&target.id.image),
        text(&target.id.platform.to_string()),
        digest,
        target.size.map_or_else(|| "-".to_owned(), bytes),
        time,
        cached,
    ]
}

fn image(image: &ImageReport) -> Vec<String> {
    let repository = image
        .reference
        .rsplit_once(':')
        .map_or("", |(name, _)| name);
    vec![
        linked(&image.reference, link(repository).as_deref()),
        code(&short_digest(&image.digest)),
        image
            .platforms
            .iter()
            .map(|platform| text(platform))
            .collect::<Vec<_>>()
            .join(", "),
        if image.tags.is_empty() {
            "as it was".to_owned()
        } else {
            "set".to_owned()
        },
    ]
}

/// A table.
pub(crate) fn table(out: &mut String, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let _ = writeln!(out, "| {} |", head.join(" | "));
    let _ = writeln!(out, "|{}", " --- |".repeat(head.len()));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out.push('\n');
}

pub(super) fn joined<T: ToString>(items: &[T]) -> String {
    if items.is_empty() {
        return "-".to_owned();
    }
    let texts: Vec<String> = items.iter().map(|item| text(&item.to_string())).collect();
    texts.join(", ")
}

fn linked(label: &str, to: Option<&str>) -> String {
    match to {
        Some(to) => format!("[{}]({to})", code(label)),
        None => code(label),
    }
}

/// A code span (`CommonMark` 0.31, "Code spans") that may stand in a table, whose
/// cells end at every `|` without a backslash.
pub(crate) fn code(words: &str) -> String {
    let words = line(words).replace('|', "\\|");
    let fence = fence(&words, 1);
    let inside = words.starts_with(['`', ' ']) || words.ends_with(['`', ' ']);
    let pad = if inside || words.is_empty() { " " } else { "" };
    format!("{fence}{pad}{words}{pad}{fence}")
}

/// A name: as it is, where it can be nothing but a name.
pub(crate) fn text(words: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/' | '+');
    let linked = words.starts_with("www.");
    if !words.is_empty() && !linked && words.chars().all(plain) {
        return words.to_owned();
    }
    code(words)
}

/// The message of failures that have one cause, what failed, and what to do.
pub(super) fn told(cause: &Cause<'_>) -> Text {
    let told = ToldCause::of(cause);
    let mut text = Text::new();
    let message: String = told.message.chars().take(LONGEST).collect();
    text.message("", &message);
    for (name, value) in told.more() {
        text.message(&format!("{name}: "), value);
    }
    text
}

/// A block whose fence is longer than any in it.
pub(super) fn fenced(words: &Text) -> String {
    let fence = fence(words.as_str(), 3);
    format!("{fence}\n{words}{fence}\n\n")
}

/// Backticks, at least so many, and more than are side by side in the words.
fn fence(words: &str, least: usize) -> String {
    let runs = words.split(|c| c != '`').map(str::len);
    let longest = runs.max().unwrap_or_default();
    "`".repeat(least.max(longest + 1))
}

#[cfg(test)]
#[path = "markdown_tests.rs"]
mod tests;
