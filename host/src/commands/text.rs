//! Results for people.

use std::fmt::Write as _;

use super::recipe_check::RecipeCheck;
use crate::pipeline::plan::Plan;
use crate::pipeline::report::Report;
use crate::registry::Inspection;

/// A table with its columns aligned; the first row is its head.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
    out
}

fn joined<T: ToString>(items: &[T]) -> String {
    if items.is_empty() {
        return "-".to_owned();
    }
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// What a recipe asks for, then the lines to add, then what nobody asks for.
pub(super) fn recipe_table(check: &RecipeCheck) -> String {
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
    let mut out = format!("{} ({})\n", check.app, check.recipe);
    out.push_str(&table(&rows));
    for line in check.asks.iter().filter_map(|asked| asked.add.as_ref()) {
        let _ = writeln!(out, "missing: {line}");
    }
    for unused in &check.unused {
        let _ = writeln!(
            out,
            "unused: \"{}\" in `{}`, {}",
            unused.entry,
            unused.kind.key(),
            unused.place
        );
    }
    out
}

/// The plan as a table, newest version first.
pub(super) fn plan_table(plan: &Plan) -> String {
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
                    joined(&image.present),
                    joined(&image.to_build().collect::<Vec<_>>()),
                    joined(&image.reasons),
                ]);
            }
        }
    }
    let mut out = table(&rows);
    let _ = match plan.target_count() {
        0 => writeln!(out, "\neverything is published, nothing to build"),
        count => writeln!(
            out,
            "\n{count} targets to build in {} jobs",
            plan.jobs().count()
        ),
    };
    if let Some(line) = outdated(plan) {
        let _ = writeln!(out, "{line}");
    }
    out
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

/// What executing the plan would do.
pub(super) fn dry_run(plan: &Plan) -> String {
    let mut out = String::new();
    let repository = |image: &str| format!("{}/{}/{image}", plan.registry, plan.namespace);
    for job in plan.jobs() {
        for target in job.targets() {
            let _ = writeln!(
                out,
                "would build {target} and push it by digest to {}",
                repository(&target.image)
            );
        }
    }
    for version in plan.apps.iter().flat_map(|app| &app.versions) {
        for image in version.images.iter().filter(|image| !image.is_done()) {
            let _ = writeln!(
                out,
                "would tag {}:{} ({})",
                repository(&image.image),
                image.tags.join(", and if that moves it forward :"),
                joined(&image.reasons)
            );
        }
    }
    if out.is_empty() {
        out.push_str("everything is published, nothing to build\n");
    }
    out
}

/// The end of a run.
pub(super) fn report_text(report: &Report) -> String {
    let mut out = String::new();
    if !report.images.is_empty() {
        let head = ["IMAGE", "DIGEST", "PLATFORMS"].map(str::to_owned).to_vec();
        let rows = report.images.iter().map(|image| {
            vec![
                image.reference.clone(),
                image.digest.clone(),
                joined(&image.platforms),
            ]
        });
        out = table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
        out.push('\n');
    } else if !report.targets.is_empty() {
        let head = ["TARGET", "DIGEST"].map(str::to_owned).to_vec();
        let rows = report.targets.iter().map(|target| {
            vec![
                target.target.clone(),
                target.digest.clone().unwrap_or_else(|| "failed".to_owned()),
            ]
        });
        out = table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
        out.push('\n');
    }
    if report.targets.is_empty()
        && report.images.is_empty()
        && report.failures.is_empty()
        && report.moved.is_empty()
    {
        out.push_str("everything is published, nothing to build\n");
        return out;
    }
    let reused = report.targets.iter().filter(|target| target.reused).count();
    let tags = report
        .images
        .iter()
        .map(|image| image.tags.len())
        .sum::<usize>()
        + report.moved.len();
    for image in &report.images {
        if let Some(revision) = &image.revision {
            let _ = writeln!(out, "{revision} keeps what {} was", image.reference);
        }
    }
    for (tag, version) in &report.moved {
        let _ = writeln!(out, "{tag} -> {version}");
    }
    let _ = write!(
        out,
        "built {}, reused {reused}, tags set {tags}",
        report.built()
    );
    if report.retries > 0 {
        let _ = write!(out, ", requests repeated {}", report.retries);
    }
    if !report.failures.is_empty() {
        let _ = write!(out, ", FAILED {}", report.failures.len());
    }
    let steps: usize = report.targets.iter().map(|target| target.steps).sum();
    let cached: usize = report.targets.iter().map(|target| target.cached).sum();
    if steps > 0 {
        let _ = write!(out, ", {cached} of {steps} steps cached");
    }
    if report.seconds > 0.0 {
        let _ = write!(out, ", in {:.1} s", report.seconds);
    }
    out.push('\n');
    for image in &report.images {
        for (tag, reason) in &image.kept {
            let _ = writeln!(
                out,
                "tag {tag} was left alone for {}: {reason}",
                image.reference
            );
        }
    }
    out
}

/// What is behind a reference.
pub(super) fn inspection_text(inspection: &Inspection) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", inspection.reference);
    let _ = writeln!(out, "  digest      {}", inspection.digest);
    let _ = writeln!(out, "  media type  {}", inspection.media_type);
    let _ = writeln!(out, "  size        {} bytes", inspection.size);
    for (key, value) in &inspection.annotations {
        let _ = writeln!(out, "  {key}  {value}");
    }
    for image in &inspection.images {
        let _ = writeln!(out, "\n{}", image.platform);
        let _ = writeln!(out, "  digest      {}", image.digest);
        let _ = writeln!(out, "  media type  {}", image.media_type);
        let _ = writeln!(out, "  download    {:.1} MB", image.size as f64 / 1e6);
        let facts = [("created", &image.created), ("user", &image.user)];
        for (name, value) in facts {
            if let Some(value) = value {
                let _ = writeln!(out, "  {name:10}  {value}");
            }
        }
        if let Some(recipe) = recipe(image.recipe.as_deref(), inspection.recipe_now.as_deref()) {
            let _ = writeln!(out, "  recipe      {recipe}");
        }
        if !image.entrypoint.is_empty() {
            let _ = writeln!(out, "  entrypoint  {}", image.entrypoint.join(" "));
        }
        for attestation in &image.attestations {
            let predicates = attestation.predicates.join(", ");
            let _ = writeln!(out, "  attested by {}  {predicates}", attestation.digest);
        }
        for (key, value) in &image.annotations {
            let _ = writeln!(out, "  {key}  {value}");
        }
        for (key, value) in &image.labels {
            let _ = writeln!(out, "  {key}  {value}");
        }
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
