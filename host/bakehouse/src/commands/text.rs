//! Results for people.

use std::collections::BTreeSet;
use std::fmt::Display;

use bakehouse_core::platform::Platform;
use bakehouse_core::target::TargetId;

use crate::pipeline::destination::Destination;
use crate::pipeline::plan::{ImagePlan, Plan};
use crate::text::{self, Cell, Page, Row, Style, Table, width};

pub(super) fn joined<T: ToString>(items: &[T]) -> String {
    if items.is_empty() {
        return "-".to_owned();
    }
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// Platforms in a cell, of which `linux/` goes without saying where there is little
/// room.
pub(super) fn platforms<P: Display>(items: &[P]) -> Cell {
    let all = joined(items);
    let short = all.replace("linux/", "");
    Cell::from(all).or(short)
}

/// A cell with nothing in it is worth less than others.
pub(super) fn faint_if_nothing(words: String) -> Cell {
    match words.as_str() {
        "-" => Cell::of(Style::Faint, words),
        _ => words.into(),
    }
}

/// A name and its value, in a line below that which it is of.
pub(super) fn fact(out: &mut Page, name: &str, value: impl Display) {
    let value = value.to_string();
    let label = Row::of(Style::Faint, &format!("  {name:11} "));
    // A digest may fit where it need not be aligned.
    let short = Row::of(Style::Faint, &format!("  {name} "));
    let wide = width::columns(&value);
    let fits = |label: &Row| out.room().is_none_or(|room| label.columns() + wide <= room);
    match !fits(&label) && fits(&short) && !value.contains(' ') {
        true => out.words(short, value),
        false => out.words(label, value),
    }
}

/// The plan as a table, newest version first. `failed` are apps and versions that
/// are not in it, since they could not be looked at.
pub(super) fn plan_page(mut out: Page, plan: &Plan, failed: usize) -> Page {
    let head = ["APP", "VERSION", "IMAGE", "PUBLISHED", "TO BUILD", "REASON"];
    let mut table = Table::new(&head);
    for app in &plan.apps {
        for version in app.versions.iter().rev() {
            for image in &version.images {
                table.row([
                    app.app.name.clone().into(),
                    version.version.number.clone().into(),
                    image.image.clone().into(),
                    published(image),
                    to_build(image),
                    why(image),
                ]);
            }
        }
    }
    let table = table.without("IMAGE", "APP", out.room());
    if !table.is_empty() {
        out.table(&table);
        out.blank();
    }
    match (plan.target_count(), plan.jobs().count()) {
        (0, _) => out.line(done(plan, failed)),
        (targets, jobs) => {
            let jobs = match jobs == targets {
                true => String::new(),
                false => format!(" in {}", text::count(jobs, "job")),
            };
            let targets = text::count(targets, "target");
            out.line(format_args!("{targets} to build{jobs}"));
        }
    }
    if let Some(line) = outdated(plan) {
        out.words(Row::new(), line);
    }
    epilogue(&mut out, &plan.destination, plan.notes());
    out
}

/// The reasons, without what goes without saying where there is little room.
fn why(image: &ImagePlan) -> Cell {
    let why = joined(&image.why());
    let short = why.replace("linux/", "");
    faint_if_nothing(why).or(short)
}

/// The platforms of an image that are built now.
fn to_build(image: &ImagePlan) -> Cell {
    if image.is_held() {
        return Cell::of(Style::Odd, "later");
    }
    let now: Vec<&Platform> = image.to_build().collect();
    match now.is_empty() {
        true => Cell::of(Style::Faint, "-"),
        false => platforms(&now).styled(Style::Busy),
    }
}

/// The platforms of an image that are published.
fn published(image: &ImagePlan) -> Cell {
    match (image.unpublished, image.present.is_empty()) {
        (true, _) => Cell::of(Style::Faint, "never"),
        (_, true) => Cell::of(Style::Faint, "-"),
        _ => platforms(&image.present).styled(Style::Good),
    }
}

/// How many published images another recipe made, and what to do about it.
pub(super) fn outdated(plan: &Plan) -> Option<String> {
    let images = match plan.outdated() {
        0 => return None,
        1 => "1 published image was".to_owned(),
        count => format!("{count} published images were"),
    };
    Some(format!(
        "{images} made by another recipe, or an unknown one; --rebuild builds anew"
    ))
}

/// That there is nothing to build, which is good only where everything could be
/// looked at.
pub(super) fn done(plan: &Plan, failed: usize) -> &'static str {
    match failed {
        0 if plan.held().is_empty() => "everything is published, nothing to build",
        0 => "nothing to build now; what is missing failed before",
        _ if plan.apps.is_empty() => "nothing could be looked at",
        _ => "everything that could be looked at is published, nothing to build",
    }
}

/// What stands below every result: what is worth knowing, and where images go.
pub(super) fn epilogue<'a>(
    out: &mut Page,
    destination: &Destination,
    notes: impl Iterator<Item = &'a str>,
) {
    for note in notes {
        out.words(Row::of(Style::Faint, "note: "), note);
    }
    if destination.is_known() {
        out.words(Row::of(Style::Faint, "destination: "), destination);
    }
}

/// What a command does with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// `build`: it tags nothing.
    Build,
    /// `merge`: it builds nothing.
    Tag,
    /// `run`
    BuildAndTag,
}

/// The steps that executing the plan would take; `reused` are targets that an earlier run
/// pushed. `failed` as for [`plan_page`].
pub(super) fn dry_run(
    mut out: Page,
    plan: &Plan,
    reused: &BTreeSet<TargetId>,
    act: Act,
    failed: usize,
) -> Page {
    let to_tag = |image: &&ImagePlan| act != Act::Build && image.is_to_publish();
    let repository = |image: &str| format!("{}/{}/{image}", plan.registry, plan.namespace);
    for job in plan.jobs().filter(|_| act != Act::Tag) {
        for target in job.targets() {
            let repository = repository(&target.image);
            let words = match reused.contains(&target) {
                true => {
                    format!("would reuse {target}, which an earlier run pushed to {repository}")
                }
                false => format!("would build {target} and push it by digest to {repository}"),
            };
            out.words(Row::new(), words);
        }
    }
    for version in plan.apps.iter().flat_map(|app| &app.versions) {
        for image in version.images.iter().filter(to_tag) {
            out.line(format_args!(
                "would tag {}:{} ({})",
                repository(&image.image),
                image.tags.join(", and if that moves it forward :"),
                joined(&image.reasons)
            ));
        }
    }
    match act {
        Act::Tag if out.is_empty() && failed > 0 => out.line("would tag nothing"),
        _ if out.is_empty() => out.line(done(plan, failed)),
        Act::Build => out.line("would tag nothing: `bakehouse merge` does that"),
        Act::Tag | Act::BuildAndTag => {}
    }
    epilogue(&mut out, &plan.destination, plan.notes());
    out
}
