//! All stages of a plan, one after the other.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::Event;
use futures_util::stream::{FuturesUnordered, Stream, StreamExt as _};

use super::build::{Bakery, Outcome};
use super::checkout::one_commit;
use super::discover::Discovered;
use super::plan::{AppPlan, ImagePlan, Job, Plan, VersionPlan};
use super::publish::{Made, New, Trust, move_tags, publish};
use super::report::{ImageReport, Report, seconds};
use super::work;
use crate::context::Context;

/// Executes a plan: builds its jobs, oldest version first, publishes each
/// version once its last target has ended, then moves moving tags. A failing
/// target stops nothing but its own image's tag.
///
/// # Errors
/// When nothing can be done at all: no builder, or no access to the registry.
/// Everything later is in the report.
pub async fn run(context: &Context, discovered: &[Discovered], plan: &Plan) -> Result<Report> {
    let started = Instant::now();
    let mut report = Report::of(plan);
    if plan.target_count() > 0 {
        check_push(context, plan).await?;
        build_and_publish(context, discovered, plan, &mut report).await?;
    }
    for app in &plan.apps {
        move_app_tags(context, app, &mut report).await;
    }
    // A killed run may have left everything to publish, and nothing to build.
    work::sweep(&context.project.work());
    report.retries = context.registry.retries();
    report.seconds = seconds(started.elapsed());
    Ok(report)
}

/// Builds every job of a plan and publishes nothing.
///
/// # Errors
/// [`ExitCode::Builder`](bakehouse_core::error::ExitCode::Builder) when there is no usable
/// builder.
pub async fn build_all(
    context: &Context,
    discovered: &[Discovered],
    plan: &Plan,
    report: &mut Report,
) -> Result<()> {
    let bakery = open_bakery(context, plan).await?;
    {
        let mut builds = std::pin::pin!(builds(&bakery, discovered, plan));
        while let Some(outcomes) = builds.next().await {
            for outcome in &outcomes {
                report.add(outcome);
            }
        }
    }
    bakery.close()?;
    report.retries = context.registry.retries();
    Ok(())
}

/// The registry must take our credentials before anything is built for it.
async fn check_push(context: &Context, plan: &Plan) -> Result<()> {
    let images = plan.jobs().flat_map(|job| &job.images);
    match images.min() {
        Some(image) => context.registry.check_push(image).await,
        None => Ok(()),
    }
}

async fn open_bakery<'a>(context: &'a Context, plan: &Plan) -> Result<Bakery<'a>> {
    let bakery = Bakery::open(context, plan).await?;
    let capabilities = bakery.capabilities();
    context.reporter.report(Event::Stage {
        name: "build",
        detail: &format!(
            "{} targets with {} ({} driver, {})",
            plan.target_count(),
            capabilities.name,
            capabilities.driver,
            if capabilities.push_by_digest {
                "pushes by digest itself"
            } else {
                "images are pushed by the host"
            }
        ),
    });
    if bakery.resumed() > 0 {
        context.reporter.report(Event::Stage {
            name: "rebuild",
            detail: &format!(
                "going on with {} targets of one that was stopped",
                bakery.resumed()
            ),
        });
    }
    Ok(bakery)
}

/// The outcomes of each job, as many at work as are configured.
fn builds<'a>(
    bakery: &'a Bakery<'a>,
    discovered: &'a [Discovered],
    plan: &'a Plan,
) -> impl Stream<Item = Vec<Outcome>> + 'a {
    let jobs = plan.jobs().filter_map(|job| {
        let found = discovered.iter().find(|found| found.app.name == job.app)?;
        let version = found.versions.iter().find(|v| v.number == job.version)?;
        Some((found, version, job))
    });
    futures_util::stream::iter(jobs)
        .map(move |(found, version, job): (_, _, &Job)| bakery.job(found, version, job))
        .buffer_unordered(bakery.concurrency())
}

async fn build_and_publish(
    context: &Context,
    discovered: &[Discovered],
    plan: &Plan,
    report: &mut Report,
) -> Result<()> {
    let bakery = open_bakery(context, plan).await?;
    walk(context, &bakery, discovered, plan, report).await;
    report
        .images
        .sort_by_key(|image| position(context, plan, &image.reference));
    bakery.close()
}

/// Builds every job, and publishes each version after its last one.
async fn walk(
    context: &Context,
    bakery: &Bakery<'_>,
    discovered: &[Discovered],
    plan: &Plan,
    report: &mut Report,
) {
    let mut builds = std::pin::pin!(builds(bakery, discovered, plan));
    let mut publishing = FuturesUnordered::new();
    let mut ended: Vec<Outcome> = Vec::new();
    loop {
        // Both go on while either is waited for.
        tokio::select! {
            Some(outcomes) = builds.next() => {
                let version = outcomes.first().and_then(|outcome| version_of(plan, outcome));
                for outcome in &outcomes {
                    report.add(outcome);
                }
                ended.extend(outcomes);
                if let Some((app, version)) = version
                    && let Some(mine) = all_of(app, version, &ended)
                {
                    for image in version.images.iter().filter(|image| !image.is_done()) {
                        let mine = mine.clone();
                        publishing.push(async move {
                            let ended = publish_image(context, app, version, image, mine).await;
                            (app.app.name.as_str(), ended)
                        });
                    }
                }
            }
            Some((app, published)) = publishing.next() => match published {
                Ok(Some(image)) => report.images.push(image),
                Ok(None) => {}
                Err(error) => report.add_error(Some(app), &error),
            },
            else => break,
        }
    }
}

fn version_of<'a>(plan: &'a Plan, outcome: &Outcome) -> Option<(&'a AppPlan, &'a VersionPlan)> {
    let target = &outcome.target;
    let app = plan.apps.iter().find(|app| app.app.name == target.app)?;
    let version = app
        .versions
        .iter()
        .find(|v| v.version.number == target.version)?;
    Some((app, version))
}

/// The version's outcomes, once its last target has ended.
fn all_of(app: &AppPlan, version: &VersionPlan, ended: &[Outcome]) -> Option<Vec<Outcome>> {
    let mine: Vec<Outcome> = ended
        .iter()
        .filter(|outcome| {
            outcome.target.app == app.app.name && outcome.target.version == version.version.number
        })
        .cloned()
        .collect();
    let expected: usize = version.jobs.iter().map(|job| job.images.len()).sum();
    (mine.len() == expected).then_some(mine)
}

/// Where a reference stands in the plan.
fn position(context: &Context, plan: &Plan, reference: &str) -> Option<usize> {
    let endpoint = context.registry.endpoint();
    plan.apps
        .iter()
        .flat_map(|app| &app.versions)
        .flat_map(|version| version.images.iter().map(move |image| (version, image)))
        .position(|(version, image)| {
            endpoint.show(&image.image, &version.version.number) == reference
        })
}

/// Publishes one image of one version; none when one of its platforms failed.
async fn publish_image(
    context: &Context,
    app: &AppPlan,
    version: &VersionPlan,
    image: &ImagePlan,
    ended: Vec<Outcome>,
) -> Result<Option<ImageReport>> {
    let mut built: BTreeMap<Platform, Made> = BTreeMap::new();
    let mut revisions = Vec::new();
    let reference = context
        .registry
        .endpoint()
        .show(&image.image, &version.version.number);
    for outcome in ended {
        if outcome.target.image != image.image {
            continue;
        }
        let Ok(done) = outcome.result else {
            // The target's own failure is in the report already.
            context.reporter.report(Event::Warning {
                message: &format!(
                    "{reference} is not tagged: {} failed",
                    outcome.target.platform
                ),
            });
            return Ok(None);
        };
        revisions.extend(done.revision);
        let made = Made {
            descriptor: done.descriptor,
            recipe: done.recipe,
        };
        built.insert(outcome.target.platform, made);
    }
    let revision = one_commit(&reference, &revisions)?;
    let new = New {
        images: built,
        revision: revision.as_ref(),
        replace: image.replace(),
        trust: Trust::Pushed,
    };
    publish(context, &app.app, &version.version, image, new)
        .await
        .map(Some)
}

/// Moves an app's moving tags to the newest of its complete versions.
pub(super) async fn move_app_tags(context: &Context, app: &AppPlan, report: &mut Report) {
    let endpoint = context.registry.endpoint();
    let mut complete: BTreeMap<&str, Vec<(&VersionPlan, &ImagePlan)>> = BTreeMap::new();
    for version in &app.versions {
        for image in &version.images {
            let reference = endpoint.show(&image.image, &version.version.number);
            let published = report
                .images
                .iter()
                .any(|image| image.reference == reference);
            if image.missing.is_empty() || published {
                complete
                    .entry(&image.image)
                    .or_default()
                    .push((version, image));
            }
        }
    }
    for (image, versions) in complete {
        let moved = move_tags(context, image, &versions, &app.moving, &report.written()).await;
        match moved {
            Ok(moved) => report.add_moved(endpoint, image, moved),
            Err(error) => report.add_error(Some(&app.app.name), &error),
        }
    }
}
