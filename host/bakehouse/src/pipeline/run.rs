//! All stages of a plan, one after the other.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::{Event, QueuedTarget};
use bakehouse_registry::Manifest;
use futures_util::stream::{FuturesUnordered, Stream, StreamExt as _};

use super::build::JobRunner;
use super::checkout::one_commit;
use super::discover::{self, Discovered};
use super::image_key::ImageKey;
use super::ledger::Ledger;
use super::outcome::Outcome;
use super::plan::{AppPlan, ImagePlan, Job, Plan, VersionPlan};
use super::publish::{Made, New, Trust, Written, move_tags, publish};
use super::report::ImageReport;
use super::times::Times;
use super::work;
use crate::context::Context;
use crate::text;

/// Executes a plan: builds its jobs, oldest version first, publishes each
/// version once its last target has ended, then moves moving tags. A failing
/// target stops nothing but its own image's tag. What is done is in the ledger as
/// soon as it is.
///
/// # Errors
/// When nothing can be done at all: no builder, or no access to the registry.
/// Everything later is in the ledger.
pub async fn run(
    context: &Context,
    discovered: &[Discovered],
    plan: &Plan,
    ledger: &Ledger,
) -> Result<()> {
    ledger.plan(plan, context.registry.endpoint(), true)?;
    let mut written = Written::new();
    if plan.target_count() > 0 {
        let builder = Arc::clone(&context.builder);
        tokio::spawn(async move { builder.capabilities().await.ok() });
        check_push(context, plan).await?;
        written = build_and_publish(context, discovered, plan, ledger).await?;
    }
    for app in &plan.apps {
        move_app_tags(context, app, &written, ledger).await;
    }
    // A killed run may have left everything to publish, and nothing to build.
    work::sweep(&context.project.work());
    Ok(())
}

/// Builds every job of a plan and publishes nothing.
///
/// # Errors
/// [`ExitCode::Builder`](crate::failure::ExitCode::Builder) when there is no usable
/// builder.
pub async fn build_all(
    context: &Context,
    discovered: &[Discovered],
    plan: &Plan,
    ledger: &Ledger,
) -> Result<()> {
    ledger.plan(plan, context.registry.endpoint(), false)?;
    if plan.target_count() == 0 {
        return Ok(());
    }
    let runner = open_runner(context, plan, ledger).await?.handing_on();
    builds(&runner, discovered, plan)
        .for_each(async |_| {})
        .await;
    warn_of_stop(context, &runner, ledger);
    runner.close()
}

/// Begins to look at the builder while other things are looked at, as a client takes
/// as long to start as a registry to answer; and to set up what asks upstreams. Nothing
/// is started before there is work for it, and an error is told by whoever uses the
/// builder, who looks again.
pub fn look_ahead(context: &Context) {
    discover::look_ahead(context);
    let builder = Arc::clone(&context.builder);
    tokio::spawn(async move { builder.look_ahead().await });
}

/// The registry must take our credentials before anything is built for it.
async fn check_push(context: &Context, plan: &Plan) -> Result<()> {
    let images = plan.jobs().flat_map(|job| &job.images);
    match images.min() {
        Some(image) => Ok(context.registry.check_push(image).await?),
        None => Ok(()),
    }
}

async fn open_runner<'a>(
    context: &'a Context,
    plan: &Plan,
    ledger: &'a Ledger,
) -> Result<JobRunner<'a>> {
    let runner = JobRunner::open(context, plan, ledger).await?;
    let capabilities = runner.capabilities();
    context.reporter.report(Event::Stage {
        name: "build",
        detail: &format!(
            "{} with {} ({} driver, {})",
            text::count(plan.target_count(), "target"),
            capabilities.name,
            capabilities.driver,
            if capabilities.push_by_digest {
                "pushes by digest itself"
            } else {
                "images are pushed by the host"
            }
        ),
    });
    context.reporter.report(Event::TargetsQueued {
        targets: &queued(context, plan),
        concurrency: runner.concurrency(),
    });
    if runner.resumed() > 0 {
        context.reporter.report(Event::Stage {
            name: "rebuild",
            detail: &format!(
                "going on with {} of one that was stopped",
                text::count(runner.resumed(), "target")
            ),
        });
    }
    Ok(runner)
}

/// A plan's targets, with what ones like them took before.
fn queued(context: &Context, plan: &Plan) -> Vec<QueuedTarget> {
    let times = Times::read(&context.project.times());
    let targets = plan.jobs().flat_map(|job| job.targets());
    let queued = targets.map(|target| QueuedTarget {
        expected_seconds: times.of(&target),
        target,
    });
    queued.collect()
}

/// The outcomes of each job, as many at work as are configured.
fn builds<'a>(
    runner: &'a JobRunner<'a>,
    discovered: &'a [Discovered],
    plan: &'a Plan,
) -> impl Stream<Item = Vec<Outcome>> + 'a {
    let mut versions = HashMap::new();
    for found in discovered {
        for version in &found.versions {
            let key = (found.app.name.as_str(), version.number.as_str());
            versions.insert(key, (found, version));
        }
    }
    let jobs = plan.jobs().filter_map(move |job| {
        let (found, version) = versions.get(&(job.app.as_str(), job.version.as_str()))?;
        Some((*found, *version, job))
    });
    futures_util::stream::iter(jobs)
        .map(move |(found, version, job): (_, _, &Job)| runner.job(found, version, job))
        .buffer_unordered(runner.concurrency())
}

async fn build_and_publish(
    context: &Context,
    discovered: &[Discovered],
    plan: &Plan,
    ledger: &Ledger,
) -> Result<Written> {
    let runner = open_runner(context, plan, ledger).await?;
    let written = walk(context, &runner, discovered, plan, ledger).await;
    warn_of_stop(context, &runner, ledger);
    let places = places(plan);
    ledger.with(|report| {
        let images = &mut report.images;
        images.sort_by_key(|image| places.get(&image.key).copied());
    });
    runner.close()?;
    Ok(written)
}

/// Says how many targets were not begun, where the run was stopped.
fn warn_of_stop(context: &Context, runner: &JobRunner<'_>, ledger: &Ledger) {
    let left = ledger.with(|report| report.unbuilt.len());
    if runner.is_stopped() && left > 0 {
        context.reporter.report(Event::Warning {
            message: &format!("the run stops here: {left} more targets were not begun"),
        });
    }
}

/// Builds every job, and publishes each version after its last one.
async fn walk(
    context: &Context,
    runner: &JobRunner<'_>,
    discovered: &[Discovered],
    plan: &Plan,
    ledger: &Ledger,
) -> Written {
    let mut builds = std::pin::pin!(builds(runner, discovered, plan));
    let mut publishing = FuturesUnordered::new();
    let mut open = Unfinished::of(plan);
    let mut written = Written::new();
    loop {
        // Both go on while either is waited for.
        tokio::select! {
            Some(outcomes) = builds.next() => {
                if let Some((app, version, ended)) = open.end(outcomes) {
                    for image in version.images.iter().filter(|image| image.is_to_publish()) {
                        let is_of = |outcome: &&Outcome| outcome.target.image == image.image;
                        let mine: Vec<Outcome> = ended.iter().filter(is_of).cloned().collect();
                        publishing.push(async move {
                            let ended = publish_image(context, app, version, image, mine).await;
                            (app.app.name.as_str(), ended)
                        });
                    }
                }
            }
            Some((app, published)) = publishing.next() => match published {
                Ok(Some((image, index))) => {
                    written.insert(image.key.clone(), index);
                    ledger.with(|report| report.add_image(image));
                }
                Ok(None) => {}
                Err(error) => ledger.with(|report| report.add_error(app, &error)),
            },
            else => break,
        }
    }
    written
}

/// Versions whose last target has not ended, with those that have, by app and
/// version number.
struct Unfinished<'a>(HashMap<(String, String), Version<'a>>);

struct Version<'a> {
    app: &'a AppPlan,
    version: &'a VersionPlan,
    /// Targets that have not ended.
    left: usize,
    ended: Vec<Outcome>,
}

impl<'a> Unfinished<'a> {
    fn of(plan: &'a Plan) -> Self {
        let versions = plan
            .apps
            .iter()
            .flat_map(|app| app.versions.iter().map(move |version| (app, version)));
        let open = versions.map(|(app, version)| {
            let key = (app.app.name.clone(), version.version.number.clone());
            let left = version.jobs.iter().map(|job| job.images.len()).sum();
            let open = Version {
                app,
                version,
                left,
                ended: Vec::new(),
            };
            (key, open)
        });
        Self(open.collect())
    }

    /// Takes the outcomes of one job; gives all of its version once its last
    /// target has ended.
    fn end(
        &mut self,
        outcomes: Vec<Outcome>,
    ) -> Option<(&'a AppPlan, &'a VersionPlan, Vec<Outcome>)> {
        let target = &outcomes.first()?.target;
        let key = (target.app.clone(), target.version.clone());
        let version = self.0.get_mut(&key)?;
        version.left = version.left.saturating_sub(outcomes.len());
        version.ended.extend(outcomes);
        (version.left == 0).then(|| {
            let ended = std::mem::take(&mut version.ended);
            (version.app, version.version, ended)
        })
    }
}

/// Where each image stands in the plan.
fn places(plan: &Plan) -> HashMap<ImageKey, usize> {
    plan.apps
        .iter()
        .flat_map(|app| &app.versions)
        .flat_map(|version| version.images.iter().map(move |image| (version, image)))
        .enumerate()
        .map(|(place, (version, image))| (ImageKey::of(version, image), place))
        .collect()
}

/// Publishes one image of one version; none when one of its platforms failed.
async fn publish_image(
    context: &Context,
    app: &AppPlan,
    version: &VersionPlan,
    image: &ImagePlan,
    ended: Vec<Outcome>,
) -> Result<Option<(ImageReport, Manifest)>> {
    let mut built: BTreeMap<Platform, Made> = BTreeMap::new();
    let mut revisions = Vec::new();
    let reference = context
        .registry
        .endpoint()
        .show(&image.image, &version.version.number);
    for outcome in ended {
        let Ok(done) = outcome.result else {
            // The report names the target's failure, and the image as not published.
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

/// Moves an app's moving tags to the newest of its complete versions; `written`
/// are the indexes of this run.
pub(super) async fn move_app_tags(
    context: &Context,
    app: &AppPlan,
    written: &Written,
    ledger: &Ledger,
) {
    let endpoint = context.registry.endpoint();
    for (image, versions) in complete(app, written) {
        match move_tags(context, image, &versions, &app.moving, written).await {
            Ok(moved) => ledger.with(|report| report.add_moved(endpoint, image, moved)),
            Err(error) => ledger.with(|report| report.add_error(&app.app.name, &error)),
        }
    }
}

/// Versions of each image of an app that are published with all platforms, or
/// were written now, oldest first.
pub(super) fn complete<'a>(
    app: &'a AppPlan,
    written: &Written,
) -> BTreeMap<&'a str, Vec<(&'a VersionPlan, &'a ImagePlan)>> {
    let mut complete: BTreeMap<&str, Vec<(&VersionPlan, &ImagePlan)>> = BTreeMap::new();
    for version in &app.versions {
        for image in version.images.iter().filter(|image| !image.unpublished) {
            let is_published = || written.contains_key(&ImageKey::of(version, image));
            if image.missing.is_empty() || is_published() {
                complete
                    .entry(&image.image)
                    .or_default()
                    .push((version, image));
            }
        }
    }
    complete
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
