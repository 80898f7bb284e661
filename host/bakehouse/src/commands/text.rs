//! Results for people.

use std::collections::BTreeMap;
use std::fmt::Display;

use bakehouse_core::options::OptionDeclaration;
use bakehouse_registry::{InspectedImage, Inspection};

use super::check_report::{CheckedOption, RecipeCheck};
use crate::pipeline::destination::Destination;
use crate::pipeline::plan::{ImagePlan, Plan};
use crate::pipeline::rehearsal::{Rehearsal, Verdict};
use crate::pipeline::report::{Ending, Report};
use crate::text::{self, Text, width};

/// A table with its columns aligned; the first row is its head.
pub(super) fn table(rows: impl IntoIterator<Item = Vec<String>>) -> Text {
    let shown = |cell: String| text::line(&cell).into_owned();
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| row.into_iter().map(shown).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| width::columns(cell))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = Text::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| width::padded(cell, *width))
            .collect();
        out.line(cells.join("  ").trim_end());
    }
    out
}

pub(super) fn joined<T: ToString>(items: &[T]) -> String {
    if items.is_empty() {
        return "-".to_owned();
    }
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// What a recipe asks for, then the lines to add, then what nobody asks for.
pub(super) fn recipe_table(check: &RecipeCheck) -> Text {
    let mut rows = vec![
        ["KIND", "ASKS FOR", "GRANTED BY", "WHAT FOR"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for asked in &check.asks {
        let granted = match asked.missing {
            None if asked.granted.is_empty() => "bakehouse.toml".to_owned(),
            None => joined(&asked.granted),
            Some(_) => "MISSING".to_owned(),
        };
        rows.push(vec![
            asked.want.kind.key().to_owned(),
            asked.want.value.clone(),
            granted,
            asked.want.why.clone(),
        ]);
    }
    let mut out = Text::new();
    out.line(format_args!("{} ({})", check.app, check.recipe));
    out.append(&table(rows));
    for line in check.asks.iter().filter_map(|asked| asked.add.as_ref()) {
        out.line(format_args!("missing: {line}"));
    }
    for unused in &check.unused {
        out.line(format_args!(
            "unused: \"{}\" in `{}`, {}",
            unused.entry,
            unused.kind.key(),
            unused.place
        ));
    }
    out.append(&options(&check.options));
    if let Some(tried) = &check.tried {
        out.append(&rehearsal(tried));
    }
    out
}

/// Options that a recipe declares, where it does.
fn options(options: &[CheckedOption]) -> Text {
    if options.is_empty() {
        return Text::new();
    }
    let head = ["OPTION", "TAKES", "IS", "WHAT FOR"]
        .map(str::to_owned)
        .to_vec();
    let rows = options.iter().map(|option| {
        let is = match (&option.value, option.set) {
            (None, _) => "-".to_owned(),
            (Some(value), true) => value.written(),
            (Some(value), false) => format!("{} (default)", value.written()),
        };
        let OptionDeclaration { name, why, .. } = &option.declared;
        vec![name.clone(), option.declared.takes(), is, why.clone()]
    });
    table(std::iter::once(head).chain(rows))
}

/// How far each target came.
fn rehearsal(tried: &Rehearsal) -> Text {
    let head = ["TARGET", "TRIED"].map(str::to_owned).to_vec();
    let rows = tried.targets.iter().map(|target| {
        let verdict = match target.verdict {
            Verdict::Ready => "up to its build",
            Verdict::Compiles => "up to its first compile step",
            Verdict::Fails => "CANNOT BE BUILT",
        };
        vec![target.target.clone(), verdict.to_owned()]
    });
    let mut out = table(std::iter::once(head).chain(rows));
    for target in &tried.targets {
        for warning in &target.warnings {
            out.line(format_args!("{}: {warning}", target.target));
        }
    }
    out.line(format_args!(
        "{} versions listed, {} targets of the newest tried, {} problems",
        tried.versions.len(),
        tried.targets.len(),
        tried.problems().count()
    ));
    out
}

/// The plan as a table, newest version first. `failed` are apps and versions that
/// are not in it, since they could not be looked at.
pub(super) fn plan_table(plan: &Plan, failed: usize) -> Text {
    let mut rows = vec![
        ["APP", "VERSION", "IMAGE", "PUBLISHED", "TO BUILD", "REASON"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for app in &plan.apps {
        for version in app.versions.iter().rev() {
            for image in &version.images {
                rows.push(vec![
                    app.app.name.clone(),
                    version.version.number.clone(),
                    image.image.clone(),
                    published(image),
                    to_build(image),
                    joined(&image.why()),
                ]);
            }
        }
    }
    let mut out = Text::new();
    if rows.len() > 1 {
        out.append(&table(rows));
        out.blank();
    }
    match plan.target_count() {
        0 => out.line(done(plan, failed)),
        count => out.line(format_args!(
            "{count} targets to build in {} jobs",
            plan.jobs().count()
        )),
    }
    if let Some(line) = outdated(plan) {
        out.line(line);
    }
    epilogue(&mut out, &plan.destination, plan.notes());
    out
}

/// The platforms of an image that are built now.
fn to_build(image: &ImagePlan) -> String {
    match image.is_held() {
        true => "later".to_owned(),
        false => joined(&image.to_build().collect::<Vec<_>>()),
    }
}

/// The platforms of an image that are published.
fn published(image: &ImagePlan) -> String {
    match image.unpublished {
        true => "never".to_owned(),
        false => joined(&image.present),
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
fn done(plan: &Plan, failed: usize) -> &'static str {
    match failed {
        0 if plan.held().is_empty() => "everything is published, nothing to build",
        0 => "nothing to build now; what is missing failed before",
        _ if plan.apps.is_empty() => "nothing could be looked at",
        _ => "everything that could be looked at is published, nothing to build",
    }
}

/// What stands below every result: what is worth knowing, and where images go.
fn epilogue<'a>(out: &mut Text, destination: &Destination, notes: impl Iterator<Item = &'a str>) {
    for note in notes {
        out.line(format_args!("note: {note}"));
    }
    out.line(format_args!("destination: {destination}"));
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

/// What executing the plan would do. `failed` as for [`plan_table`].
pub(super) fn dry_run(plan: &Plan, act: Act, failed: usize) -> Text {
    let to_tag = |image: &&ImagePlan| act != Act::Build && image.is_to_publish();
    let mut out = Text::new();
    let repository = |image: &str| format!("{}/{}/{image}", plan.registry, plan.namespace);
    for job in plan.jobs().filter(|_| act != Act::Tag) {
        for target in job.targets() {
            out.line(format_args!(
                "would build {target} and push it by digest to {}",
                repository(&target.image)
            ));
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

/// Names listed at most of what is not done.
const LISTED: usize = 10;

/// The end of a command, whatever it was; `logs` are where its targets' are.
pub(super) fn report_text(report: &Report, logs: Option<&str>) -> Text {
    let mut out = results(report);
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
            out.line(format_args!(
                "{revision} keeps what {} was",
                image.reference
            ));
        }
    }
    for (tag, version) in &report.moved {
        out.line(format_args!("{tag} -> {version}"));
    }
    for target in &report.targets {
        for warning in &target.warnings {
            out.line(format_args!("{}: {warning}", target.target));
        }
    }
    for image in &report.images {
        for (tag, reason) in &image.kept {
            out.line(format_args!(
                "tag {tag} was left alone for {}: {reason}",
                image.reference
            ));
        }
    }
    left(&mut out, report);
    epilogue(&mut out, &report.destination, notes);
    if report.ending != Ending::Done {
        if let Some(logs) = logs {
            out.line(format_args!("logs: {logs}"));
        }
        // Who stopped it is told by itself.
        let failed = report.ending == Ending::Failed;
        if let Some(next) = report.next.as_ref().filter(|_| failed) {
            out.line(format_args!("to go on, run: {next}"));
        }
    }
    out.line(totals(report));
    out
}

/// What was to be done, and is not.
fn left(out: &mut Text, report: &Report) {
    let unbuilt: Vec<_> = report.unbuilt.iter().map(ToString::to_string).collect();
    for (what, names) in [
        ("not built", &unbuilt),
        ("not published", &report.unpublished),
    ] {
        let more = match names.len().checked_sub(LISTED) {
            None | Some(0) => String::new(),
            Some(more) => format!(", and {more} more"),
        };
        let shown = names.get(..LISTED).unwrap_or(names);
        if !shown.is_empty() {
            out.line(format_args!("{what}: {}{more}", shown.join(", ")));
        }
    }
}

/// The indexes, or where there are none the targets.
fn results(report: &Report) -> Text {
    let images = report.images.iter().map(|image| {
        vec![
            image.reference.clone(),
            image.digest.clone(),
            joined(&image.platforms),
        ]
    });
    // Those that failed are told by their causes.
    let mut targets = report
        .targets
        .iter()
        .filter_map(|target| Some(vec![target.target.clone(), target.digest.clone()?]))
        .peekable();
    let head = |names: &[&str]| std::iter::once(names.iter().map(ToString::to_string).collect());
    if !report.images.is_empty() {
        table(head(&["IMAGE", "DIGEST", "PLATFORMS"]).chain(images))
    } else if targets.peek().is_some() {
        table(head(&["TARGET", "DIGEST"]).chain(targets))
    } else {
        Text::new()
    }
}

/// Numbers of a run, in one line.
fn totals(report: &Report) -> String {
    let reused = report.targets.iter().filter(|target| target.reused).count();
    let mut out = match report.ending {
        Ending::Stopped => "stopped: ".to_owned(),
        Ending::Unfinished | Ending::Done | Ending::Failed => String::new(),
    };
    out.push_str(&format!(
        "built {}, reused {reused}, tags set {}",
        report.built(),
        report.tags()
    ));
    if report.retries > 0 {
        out.push_str(&format!(", requests repeated {}", report.retries));
    }
    if !report.failures.is_empty() {
        out.push_str(&format!(", FAILED {}", report.failures.len()));
    }
    let steps: usize = report.targets.iter().map(|target| target.steps).sum();
    let cached: usize = report.targets.iter().map(|target| target.cached).sum();
    if steps > 0 {
        out.push_str(&format!(", {cached} of {steps} steps cached"));
    }
    if report.seconds > 0.0 {
        out.push_str(&format!(", in {:.1} s", report.seconds));
    }
    out
}

/// The recipe that made an image, and whether it is the one that there is now.
fn recipe(made_by: Option<&str>, now: Option<&str>) -> Option<String> {
    Some(match (made_by, now) {
        (Some(made_by), Some(now)) if made_by != now => {
            format!("{made_by}, changed since: now {now}")
        }
        (Some(made_by), _) => made_by.to_owned(),
        (None, Some(now)) => format!("unknown; now {now}"),
        (None, None) => return None,
    })
}

/// The index or image that a reference names. Every line begins with the name of what it
/// tells: what an image says of itself passes for nothing else.
pub(super) fn inspection_text(inspection: &Inspection) -> Text {
    let mut out = Text::new();
    out.line(&inspection.reference);
    fact(&mut out, "digest", &inspection.digest);
    fact(&mut out, "media type", &inspection.media_type);
    fact(&mut out, "size", format_args!("{} bytes", inspection.size));
    pairs(&mut out, "annotation", &inspection.annotations);
    for image in &inspection.images {
        out.blank();
        inspected(&mut out, image, inspection.recipe_now.as_deref());
    }
    out
}

fn inspected(out: &mut Text, image: &InspectedImage, recipe_now: Option<&str>) {
    out.line(&image.platform);
    fact(out, "digest", &image.digest);
    fact(out, "media type", &image.media_type);
    fact(out, "download", text::megabytes(image.size));
    for (name, value) in [("created", &image.created), ("user", &image.user)] {
        if let Some(value) = value {
            fact(out, name, value);
        }
    }
    if let Some(recipe) = recipe(image.recipe.as_deref(), recipe_now) {
        fact(out, "recipe", recipe);
    }
    if !image.entrypoint.is_empty() {
        fact(out, "entrypoint", format_args!("{:?}", image.entrypoint));
    }
    for attestation in &image.attestations {
        let predicates = attestation.predicates.join(", ");
        fact(
            out,
            "attested by",
            format_args!("{}  {predicates}", attestation.digest),
        );
    }
    pairs(out, "annotation", &image.annotations);
    pairs(out, "label", &image.labels);
}

fn fact(out: &mut Text, name: &str, value: impl Display) {
    out.line(format_args!("  {name:11} {value}"));
}

fn pairs(out: &mut Text, name: &str, pairs: &BTreeMap<String, String>) {
    for (key, value) in pairs {
        fact(out, name, format_args!("{key}={value}"));
    }
}
