//! `bakehouse review`

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Result;
use bakehouse_core::progress::{Event, Reporter as _};
use bakehouse_core::storage_error::At as _;
use bakehouse_system::storage;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::review_text::{part_text, review_text};
use super::{Session, build_plan};
use crate::ci::{self, matrix};
use crate::cli::{
    Change, Format, ReviewArgs, ReviewBuildArgs, ReviewFormat, ReviewPageArgs, ReviewPart,
    ReviewPlanArgs,
};
use crate::config::{CacheChoice, Overrides, Project, Uses};
use crate::context::Context;
use crate::failure::{ExitCode, Failure};
use crate::pipeline::check;
use crate::pipeline::discover::{self, Discovered};
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::times::Times;
use crate::recipes::RecipeCrate;
use crate::review::{
    Checkout, Part, Review, ReviewPage, SCHEMA, State, TouchedApp, Why, build, compared, is_recipe,
    newest, published, touched,
};
use crate::text;

/// Bytes of a review's file; that of a hundred apps has a fiftieth.
const MAX: u64 = 64 << 20;
/// Parts of one review: no more jobs are built of one plan.
const PARTS: usize = 1000;

/// Looks at a change, builds and runs what it touches, and publishes nothing.
pub(super) async fn review(session: &Session, args: &ReviewArgs) -> Result<ExitCode> {
    match &args.part {
        None => whole(session, args).await,
        Some(ReviewPart::Plan(args)) => plan(session, args).await,
        Some(ReviewPart::Build(args)) => part(session, args).await,
        Some(ReviewPart::Page(args)) => page(session, args),
    }
}

async fn whole(session: &Session, args: &ReviewArgs) -> Result<ExitCode> {
    prepare(&args.summary.summaries)?;
    let Looked {
        context,
        discovered,
        review,
    } = look(session, &args.change).await?;
    let mut page = ReviewPage::new(review);
    if let Some(context) = context.filter(|_| !args.no_build) {
        let plan = &page.review.plan;
        match build(&context, &discovered, plan, !args.trial.no_run).await {
            Ok(part) => page.add([part]),
            Err(error) => page.add([ended(vec![FailureRecord::new(&error)])]),
        }
    }
    end(session, &page, args.format, &args.summary.summaries)
}

async fn plan(session: &Session, args: &ReviewPlanArgs) -> Result<ExitCode> {
    prepare(&args.summary.summaries)?;
    if let Some(path) = &args.save {
        // What an earlier one found is no more.
        save(&Review::default(), path)?;
    }
    let Looked {
        context,
        mut review,
        ..
    } = look(session, &args.change).await?;
    let project = session.project()?;
    let times = Times::read(&project.times());
    review.plan.batches = matrix::batches(&review.plan, project.file(), &times);
    if let Some(path) = &args.save {
        save(&review, path)?;
    }
    let page = ReviewPage::new(review);
    let format = match args.format {
        ReviewFormat::Text => Format::Text,
        ReviewFormat::Json => Format::Json,
        ReviewFormat::Github => {
            let emulation = context.is_none_or(|context| context.settings.use_qemu);
            let matrix = matrix::matrix(&page.review.plan, project.file(), emulation);
            let touched = !page.review.apps.is_empty() || !page.review.grants.is_empty();
            let outputs = matrix::outputs(&matrix, "touched", touched)?;
            session.printer.data(&outputs);
            return told(session, &page, &args.summary.summaries);
        }
    };
    end(session, &page, format, &args.summary.summaries)
}

async fn part(session: &Session, args: &ReviewBuildArgs) -> Result<ExitCode> {
    if let Some(path) = &args.save {
        save(&ended(Vec::new()), path)?;
    }
    let review: Review = read(
        &args.plan,
        "is not what `bakehouse review plan --save` writes",
    )?;
    let jobs = build_plan::jobs(&review.plan, &args.plan, args.batch.as_deref())?;
    let platforms: BTreeSet<_> = jobs.iter().map(|job| job.platform.clone()).collect();
    let context = session
        .context(|overrides| {
            overrides.platforms = platforms.into_iter().collect();
            unpublished(session, overrides);
        })
        .await?;
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for job in &jobs {
        versions.entry(&job.app).or_default().insert(&job.version);
    }
    let (discovered, mut failed) = discover::discover_these(&context, &versions).await?;
    let (mut plan, unplanned) = check::plan_unchecked(&context, &discovered).await?;
    failed.extend(unplanned);
    build_plan::only(&mut plan, &jobs);
    let built = build(&context, &discovered, &plan, !args.trial.no_run).await;
    let mut part = built.unwrap_or_else(|error| ended(vec![FailureRecord::new(&error)]));
    part.failures.extend(records(&failed));
    if let Some(path) = &args.save {
        save(&part, path)?;
    }
    session.printer.outcome(&part_text(&part));
    for failure in &part.failures {
        session.tell(failure);
    }
    Ok(ExitCode::common(
        part.failures.iter().map(|failure| failure.code),
    ))
}

fn page(session: &Session, args: &ReviewPageArgs) -> Result<ExitCode> {
    prepare(&args.summary.summaries)?;
    let review = read(
        &args.plan,
        "is not what `bakehouse review plan --save` writes",
    )?;
    let mut page = ReviewPage::new(review);
    let mut parts: Vec<Part> = Vec::new();
    for path in files(&args.parts)? {
        parts.push(read(
            &path,
            "is not what `bakehouse review build --save` writes",
        )?);
    }
    page.add(parts);
    end(session, &page, args.format, &args.summary.summaries)
}

/// The result of a look at a change.
struct Looked {
    /// None where there is nothing to build.
    context: Option<Context>,
    discovered: Vec<Discovered>,
    review: Review,
}

/// The apps that a change touches, and their builds.
async fn look(session: &Session, change: &Change) -> Result<Looked> {
    let project = session.project()?;
    let revision = change.base.as_deref().unwrap_or_default();
    let checkout = Checkout::open(project.root(), revision).await?;
    session.reporter.report(Event::Stage {
        name: "review",
        detail: &format!("what is new since {}", checkout.base.short()),
    });
    let changed = checkout.changed().await?;
    let (before, now) = (checkout.before().await?, checkout.now());
    let own = project.file().ci.uses.as_ref().is_some_and(Uses::is_own);
    let apps = touched(&changed, &before, &now, &recipes(&project), own);
    let grants = compared(&before, &now, apps.iter().map(|app| app.app.as_str()));
    let (built, unbuilt) = bounded(&apps, change.max_apps.get());
    let mut looked = Looked {
        context: None,
        discovered: Vec::new(),
        review: Review {
            schema: SCHEMA,
            base: checkout.base,
            notes: notes(&unbuilt),
            apps,
            unbuilt,
            grants,
            ..Review::default()
        },
    };
    if built.is_empty() {
        return Ok(looked);
    }
    let context = session
        .context(|overrides| {
            overrides.platforms.clone_from(&change.platforms);
            unpublished(session, overrides);
        })
        .await?;
    let review = &mut looked.review;
    let discovered = match discover::discover_each(&context, &built).await {
        Ok((discovered, failed)) => {
            review.failures.extend(records(&failed));
            discovered
        }
        // Of one app alone it is told as an error.
        Err(error) => {
            let failure = FailureRecord::new(&error);
            review.failures.push(match built.as_slice() {
                [app] => failure.of_app(app),
                _ => failure,
            });
            Vec::new()
        }
    };
    looked.discovered = discovered;
    let (sizes, notes) = published(&context.registry, &looked.discovered).await;
    review.published = sizes;
    review.notes.extend(notes);
    newest(&mut looked.discovered);
    let (plan, failed) = check::plan_unchecked(&context, &looked.discovered).await?;
    review.plan = plan;
    review.failures.extend(records(&failed));
    looked.context = Some(context);
    Ok(looked)
}

/// A part of which nothing was built.
fn ended(failures: Vec<FailureRecord>) -> Part {
    Part {
        schema: SCHEMA,
        targets: Vec::new(),
        failures,
    }
}

/// Keeps layers out of the registry: nothing of a review is to be there.
fn unpublished(session: &Session, overrides: &mut Overrides) {
    let file = session
        .project()
        .ok()
        .and_then(|project| project.file().cache);
    if overrides.cache.or(file) == Some(CacheChoice::Registry) {
        overrides.cache = Some(CacheChoice::None);
    }
}

/// Names of the crates in `plugins/` that components are made from.
fn recipes(project: &Project) -> BTreeSet<String> {
    let crates = RecipeCrate::plugins(project).into_iter();
    let recipes = crates.filter(|krate| krate.table().is_some_and(|table| is_recipe(&table)));
    let name = |krate: RecipeCrate| Some(krate.folder.file_name()?.to_str()?.to_owned());
    recipes.filter_map(name).collect()
}

/// The apps that are built, and those that are too many: first go those that
/// the change itself is in.
fn bounded(apps: &[TouchedApp], most: usize) -> (Vec<String>, Vec<String>) {
    let mut there: Vec<&TouchedApp> = apps.iter().collect();
    there.retain(|app| app.state != State::Removed);
    there.sort_by_key(|app| !(app.state == State::New || app.why.iter().any(Why::is_own)));
    let mut names: Vec<String> = there.iter().map(|app| app.app.clone()).collect();
    let left = names.split_off(most.min(names.len()));
    (names, left)
}

fn notes(unbuilt: &[String]) -> Vec<String> {
    match unbuilt {
        [] => Vec::new(),
        apps => vec![format!(
            "{} more apps are touched, and not built: {}; --max-apps says how many are",
            apps.len(),
            apps.join(", ")
        )],
    }
}

fn records(failed: &[(String, anyhow::Error)]) -> Vec<FailureRecord> {
    let failed = failed.iter();
    let record = |(app, error): &(String, _)| FailureRecord::new(error).of_app(app);
    failed.map(record).collect()
}

/// Refuses summaries that cannot be written, before there is any work.
fn prepare(summaries: &[PathBuf]) -> Result<()> {
    let begun = ReviewPage::new(Review::default());
    for path in summaries {
        ci::prepare(&begun, path)?;
    }
    Ok(())
}

/// Prints a page, and tells of it.
fn end(
    session: &Session,
    page: &ReviewPage,
    format: Format,
    summaries: &[PathBuf],
) -> Result<ExitCode> {
    match format {
        Format::Json => session.printer.json(page)?,
        Format::Text => session.printer.data(&review_text(page)),
    }
    told(session, page, summaries)
}

/// Writes a page to its summaries, and tells what failed.
fn told(session: &Session, page: &ReviewPage, summaries: &[PathBuf]) -> Result<ExitCode> {
    for path in summaries {
        ci::write(page, path)?;
    }
    for failure in &page.review.failures {
        session.tell(failure);
    }
    Ok(page.exit_code())
}

fn save(value: &impl Serialize, path: &Path) -> Result<()> {
    let text = text::json(value)? + "\n";
    Ok(storage::write(path, text.as_bytes()).at("write", path)?)
}

fn read<T: DeserializeOwned>(path: &Path, otherwise: &str) -> Result<T> {
    let text = storage::read_text(path, MAX).at("read", path)?;
    let unfit = |why: String| {
        let message = format!("{} {otherwise}: {why}", path.display());
        Failure::new(ExitCode::Config, message)
    };
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| unfit(error.to_string()))?;
    let schema = value.get("schema").and_then(serde_json::Value::as_u64);
    if schema != Some(SCHEMA.into()) {
        return Err(unfit(format!("its schema is not {SCHEMA}")).into());
    }
    Ok(serde_json::from_value(value).map_err(|error| unfit(error.to_string()))?)
}

/// JSON files of a folder, and of those in it; none where there is no folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if depth == 0 && error.kind() == ErrorKind::NotFound => continue,
            entries => entries.at("read", &folder)?,
        };
        for entry in entries {
            let path = entry.at("read", &folder)?.path();
            let is_json = path.extension().is_some_and(|end| end == "json");
            match path.symlink_metadata() {
                Ok(meta) if meta.is_dir() && depth == 0 => folders.push((path, 1)),
                Ok(meta) if meta.is_file() && is_json => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files.truncate(PARTS);
    Ok(files)
}
