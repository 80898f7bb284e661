//! All stages of a plan, one after the other.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use futures_util::StreamExt as _;
use oci_spec::image::Descriptor;

use super::build::{Bakery, Outcome, message};
use super::discover::Discovered;
use super::plan::{AppPlan, ImagePlan, Job, Plan, VersionPlan};
use super::publish::{publish, settle};
use super::report::{ImageReport, Report, seconds};
use crate::context::Context;
use crate::error::{ExitCode, Failure, exit_code};
use crate::platform::Platform;
use crate::progress::Event;

/// Executes a plan: builds its jobs, oldest version first, and publishes each
/// version once its last target has ended. A failing target stops nothing but
/// its own image's tag.
///
/// # Errors
/// When nothing can be done at all: no builder, or no access to the registry.
/// Everything later is in the report.
pub async fn run(context: &Context, discovered: &[Discovered], plan: &Plan) -> Result<Report> {
    let started = Instant::now();
    let mut report = Report::default();
    let mut ended = if plan.target_count() == 0 {
        Vec::new()
    } else {
        check_push(context, plan).await?;
        build_all(context, discovered, plan, &mut report).await?
    };
    for app in &plan.apps {
        for version in &app.versions {
            publish_version(context, app, version, &mut ended, &mut report).await;
        }
        settle_newest(context, app, &mut report).await;
    }
    report.retries = context.registry.retries();
    report.seconds = seconds(started.elapsed());
    Ok(report)
}

/// Builds every job of a plan, as many at a time as are configured.
///
/// # Errors
/// [`ExitCode::Builder`] when there is no usable builder.
pub async fn build_all(
    context: &Context,
    discovered: &[Discovered],
    plan: &Plan,
    report: &mut Report,
) -> Result<Vec<Outcome>> {
    let bakery = Bakery::open(context).await?;
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
    let jobs = plan.jobs().filter_map(|job| {
        let found = discovered.iter().find(|found| found.app.name == job.app)?;
        let version = found.versions.iter().find(|v| v.number == job.version)?;
        Some((found, version, job))
    });
    let bakery = &bakery;
    let mut ended = Vec::new();
    let mut running = futures_util::stream::iter(jobs)
        .map(|(found, version, job): (_, _, &Job)| bakery.job(found, version, job))
        .buffer_unordered(context.settings.concurrency.get());
    while let Some(outcomes) = running.next().await {
        for outcome in outcomes {
            report.add(&outcome);
            ended.push(outcome);
        }
    }
    Ok(ended)
}

/// The registry must take our credentials before anything is built for it.
async fn check_push(context: &Context, plan: &Plan) -> Result<()> {
    let images = plan.jobs().flat_map(|job| &job.images);
    match images.min() {
        Some(image) => context.registry.check_push(image).await,
        None => Ok(()),
    }
}

async fn publish_version(
    context: &Context,
    app: &AppPlan,
    version: &VersionPlan,
    ended: &mut Vec<Outcome>,
    report: &mut Report,
) {
    for image in version
        .images
        .iter()
        .filter(|image| !image.missing.is_empty())
    {
        let mine = |outcome: &Outcome| {
            outcome.target.app == app.app.name
                && outcome.target.version == version.version.number
                && outcome.target.image == image.image
        };
        let mut built: BTreeMap<Platform, Descriptor> = BTreeMap::new();
        let mut complete = true;
        for outcome in ended.iter().filter(|outcome| mine(outcome)) {
            match &outcome.result {
                Ok(done) => {
                    built.insert(outcome.target.platform.clone(), done.descriptor.clone());
                }
                Err(_) => complete = false,
            }
        }
        ended.retain(|outcome| !mine(outcome));
        let reference = context
            .registry
            .endpoint()
            .show(&image.image, &version.version.number);
        if !complete {
            // The target's own failure is in the report already.
            context.reporter.report(Event::Warning {
                message: &format!("{reference} is not tagged: a platform failed"),
            });
            continue;
        }
        match publish(context, &app.app, version, image, &built, false).await {
            Ok(merged) => report.images.push(ImageReport {
                reference,
                digest: merged.descriptor.digest().to_string(),
                platforms: merged.platforms.keys().map(ToString::to_string).collect(),
                tags: merged.set,
                kept: merged.kept,
            }),
            Err(error) => fail(report, &error),
        }
    }
}

/// An earlier run may have been stopped between the version's tag and the
/// moving ones: the newest version that is published settles them.
async fn settle_newest(context: &Context, app: &AppPlan, report: &mut Report) {
    let mut newest: BTreeMap<&str, (&VersionPlan, &ImagePlan)> = BTreeMap::new();
    for version in &app.versions {
        for image in version
            .images
            .iter()
            .filter(|i| i.missing.is_empty() && i.tags.len() > 1)
        {
            newest.insert(&image.image, (version, image));
        }
    }
    for (version, image) in newest.into_values() {
        if let Err(error) = settle(context, version, image).await {
            fail(report, &error);
        }
    }
}

fn fail(report: &mut Report, error: &anyhow::Error) {
    let hint = Failure::find(error)
        .and_then(Failure::hint_text)
        .map(str::to_owned);
    let code = match exit_code(error) {
        ExitCode::Success => ExitCode::Internal,
        code => code,
    };
    report.fail(message(error), hint, code);
}
