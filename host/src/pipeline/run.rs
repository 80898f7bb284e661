//! All stages of a plan, one after the other.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use futures_util::StreamExt as _;
use oci_spec::image::Descriptor;

use super::build::{Bakery, Outcome};
use super::discover::Discovered;
use super::plan::{AppPlan, ImagePlan, Job, Plan, VersionPlan};
use super::publish::{move_tags, publish};
use super::report::{Report, seconds};
use crate::context::Context;
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
    let ended = if plan.target_count() == 0 {
        Vec::new()
    } else {
        check_push(context, plan).await?;
        build_all(context, discovered, plan, &mut report).await?
    };
    for app in &plan.apps {
        publish_app(context, app, &ended, &mut report).await;
    }
    report.retries = context.registry.retries();
    report.seconds = seconds(started.elapsed());
    Ok(report)
}

/// Builds every job of a plan, as many at a time as are configured.
///
/// # Errors
/// [`ExitCode::Builder`](crate::error::ExitCode::Builder) when there is no usable
/// builder.
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

/// Publishes an app's versions, oldest first, then moves its moving tags.
async fn publish_app(context: &Context, app: &AppPlan, ended: &[Outcome], report: &mut Report) {
    let mut there: BTreeMap<&str, Vec<(&VersionPlan, &ImagePlan)>> = BTreeMap::new();
    for version in &app.versions {
        for image in &version.images {
            let published = if image.missing.is_empty() {
                true
            } else {
                publish_image(context, app, version, image, ended, report).await
            };
            if published {
                there
                    .entry(&image.image)
                    .or_default()
                    .push((version, image));
            }
        }
    }
    for (image, versions) in there {
        match move_tags(context, image, &versions).await {
            Ok(moved) => report.add_moved(context.registry.endpoint(), image, moved),
            Err(error) => report.add_error(&error),
        }
    }
}

/// Publishes one image of one version; answers whether it is complete now.
async fn publish_image(
    context: &Context,
    app: &AppPlan,
    version: &VersionPlan,
    image: &ImagePlan,
    ended: &[Outcome],
    report: &mut Report,
) -> bool {
    let number = &version.version.number;
    let mut built: BTreeMap<Platform, Descriptor> = BTreeMap::new();
    for outcome in ended {
        let target = &outcome.target;
        if target.app != app.app.name || target.version != *number || target.image != image.image {
            continue;
        }
        let Ok(done) = &outcome.result else {
            // The target's own failure is in the report already.
            context.reporter.report(Event::Warning {
                message: &format!(
                    "{} is not tagged: {} failed",
                    context.registry.endpoint().show(&image.image, number),
                    target.platform
                ),
            });
            return false;
        };
        built.insert(target.platform.clone(), done.descriptor.clone());
    }
    match publish(context, &app.app, &version.version, image, &built, false).await {
        Ok(published) => {
            report.images.push(published);
            true
        }
        Err(error) => {
            report.add_error(&error);
            false
        }
    }
}
