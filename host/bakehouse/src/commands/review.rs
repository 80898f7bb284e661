//! `bakehouse review`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::progress::{Event, Reporter as _};

use super::ending::command_line;
use super::review_text::{part_page, review_page};
use super::{Session, build_plan};
use crate::ci::{self, matrix};
use crate::cli::{
    Change, Format, ReviewArgs, ReviewBuildArgs, ReviewFormat, ReviewPageArgs, ReviewPart,
    ReviewPlanArgs,
};
use crate::config::{CacheChoice, Overrides, Project, Uses};
use crate::context::Context;
use crate::failure::ExitCode;
use crate::pipeline::check;
use crate::pipeline::discover::{self, Discovered};
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::ledger::Ledger;
use crate::pipeline::report::Ending;
use crate::pipeline::run_folder::RunFolder;
use crate::pipeline::times::Times;
use crate::recipes::RecipeCrate;
use crate::review::{
    Checkout, Part, Review, ReviewPage, bounded, build, compared, handed, is_recipe, newest,
    published, touched,
};
use crate::schema::SchemaNumber;

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
        let ledger = kept(session)?;
        match build(&context, &discovered, plan, !args.trial.no_run, &ledger).await {
            Ok(part) => page.add([part]),
            Err(error) => page.add([Part::failed(&error)]),
        }
        close(session, &ledger, page.exit_code());
    }
    end(session, &page, args.format, &args.summary.summaries)
}

async fn plan(session: &Session, args: &ReviewPlanArgs) -> Result<ExitCode> {
    prepare(&args.summary.summaries)?;
    if let Some(path) = &args.save {
        // What an earlier one found is no more.
        handed::write(&Review::default(), path)?;
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
        handed::write(&review, path)?;
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
        handed::write(&Part::new(), path)?;
    }
    let review: Review = handed::read(&args.plan)?;
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
    let ledger = kept(session)?;
    let built = build(&context, &discovered, &plan, !args.trial.no_run, &ledger).await;
    let mut part = built.unwrap_or_else(|error| Part::failed(&error));
    part.failures.extend(records(&failed));
    let code = ExitCode::common(part.failures.iter().map(|failure| failure.code));
    close(session, &ledger, code);
    if let Some(path) = &args.save {
        let mut handed = part.clone();
        // Who reads it is on another machine.
        for failure in &mut handed.failures {
            failure.log = None;
        }
        handed::write(&handed, path)?;
    }
    session
        .printer
        .outcome(&part_page(session.printer.new_page(), &part));
    for failure in &part.failures {
        session.tell(failure);
    }
    Ok(code)
}

/// A ledger that is kept with the project's runs, and the logs beside it. Where it
/// cannot be, the review goes on without.
fn kept(session: &Session) -> Result<Ledger> {
    let project = session.project()?;
    let ledger = Ledger::new(command_line());
    let kept = RunFolder::create(&project.runs(), project.file().keep).and_then(|folder| {
        let folder = Arc::new(folder);
        session.reporter.write_to(Arc::clone(&folder));
        ledger.keep_in(project.root(), folder)
    });
    if let Err(error) = kept {
        session.reporter.report(Event::Warning {
            message: &format!("this review keeps no logs: {error}"),
        });
    }
    Ok(ledger)
}

fn close(session: &Session, ledger: &Ledger, code: ExitCode) {
    let _ = ledger.close(Ending::of(code), code);
    if let Err(error) = ledger.save() {
        session.reporter.report(Event::Warning {
            message: &format!("this review keeps no report: {error}"),
        });
    }
}

fn page(session: &Session, args: &ReviewPageArgs) -> Result<ExitCode> {
    prepare(&args.summary.summaries)?;
    let mut page = ReviewPage::new(handed::read(&args.plan)?);
    let parts = handed::files(&args.parts)?;
    // One that cannot be read is a failure of its machine, and of no other.
    page.add(parts.iter().map(|path| {
        let part = handed::read(path);
        part.unwrap_or_else(|error| Part::failed(&error))
    }));
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
    let max_apps = change.max_apps;
    let max_apps = max_apps.unwrap_or_else(|| project.file().ci.review_apps());
    let grants = compared(&before, &now, apps.iter().map(|app| app.app.as_str()));
    let (built, unbuilt) = bounded(&apps, max_apps.get());
    let too_many = (!unbuilt.is_empty()).then(|| {
        format!(
            "{} more apps are touched, and not built: {}; --max-apps says how many are, or \
             `review-apps` under [ci] in bakehouse.toml",
            unbuilt.len(),
            unbuilt.join(", ")
        )
    });
    let mut looked = Looked {
        context: None,
        discovered: Vec::new(),
        review: Review {
            schema: SchemaNumber::NOW,
            base: checkout.base,
            notes: too_many.into_iter().collect(),
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
        Format::Text => {
            let shown = review_page(session.printer.new_page(), page);
            match page.exit_code() {
                ExitCode::Success => session.printer.outcome(&shown),
                _ => session.printer.page(&shown),
            }
        }
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
