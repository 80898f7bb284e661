//! Stage 6 for targets that other machines built.

use std::collections::BTreeMap;

use anyhow::Result;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::Event;
use bakehouse_core::target::TargetId;
use bakehouse_registry::{Manifest, Replace};
use bakehouse_upstream::git::Revision;

use super::checkout::one_commit;
use super::destination::Destination;
use super::digest_file::DigestFile;
use super::digest_folders::DigestFolders;
use super::ledger::Ledger;
use super::plan::{AppPlan, ImagePlan, Plan, VersionPlan};
use super::publish::{Made, New, Trust, Written, publish};
use super::report::ImageReport;
use super::run::move_app_tags;
use crate::context::Context;
use crate::failure::{ExitCode, Failure};

/// Publishes each image of a plan of which all platforms are there, then moves
/// moving tags. What is missing is in the ledger, and stops nothing else.
///
/// # Errors
/// When the file system refuses.
pub async fn merge(
    context: &Context,
    plan: &Plan,
    digests: &DigestFolders,
    force: bool,
    ledger: &Ledger,
) -> Result<()> {
    let endpoint = context.registry.endpoint();
    ledger.with(|report| {
        report.plan(plan, endpoint, true);
        // Nothing is built here, and a plan may be another machine's.
        report.unbuilt = Vec::new();
        report.destination = Destination::new(&context.settings, endpoint);
    });
    ledger.save()?;
    let mut written = Written::new();
    for app in &plan.apps {
        for version in &app.versions {
            let open = |image: &&ImagePlan| !image.unpublished && !image.is_held();
            for image in version.images.iter().filter(open) {
                match merge_image(context, app, version, image, digests, force).await {
                    Ok(Some((image, index))) => {
                        written.insert(image.key.clone(), index);
                        ledger.with(|report| report.add_image(image));
                    }
                    Ok(None) => {
                        let number = &version.version.number;
                        let reference = endpoint.show(&image.image, number);
                        ledger.with(|report| report.settle(&reference));
                    }
                    Err(error) => ledger.with(|report| report.add_error(&app.app.name, &error)),
                }
            }
        }
        move_app_tags(context, app, &written, ledger).await;
    }
    Ok(())
}

/// Publishes one image; none when it was complete and no digest file changes it.
async fn merge_image(
    context: &Context,
    app: &AppPlan,
    version: &VersionPlan,
    image: &ImagePlan,
    digests: &DigestFolders,
    force: bool,
) -> Result<Option<(ImageReport, Manifest)>> {
    let Gathered { built, revisions } = gather(context, app, version, image, digests).await?;
    if built.is_empty() && image.is_done() {
        refuse_gone(context, version, image).await?;
        return Ok(None);
    }
    let endpoint = context.registry.endpoint();
    let reference = endpoint.show(&image.image, &version.version.number);
    let revision = one_commit(&reference, &revisions)?;
    let new = New {
        images: built,
        revision: revision.as_ref(),
        replace: if force {
            Replace::Always
        } else {
            image.replace()
        },
        trust: Trust::Told,
    };
    publish(context, &app.app, &version.version, image, new)
        .await
        .map(Some)
}

/// Leaves in a plan what could be merged; what lacks a platform is in the ledger.
pub async fn rehearse(
    context: &Context,
    plan: &mut Plan,
    digests: &DigestFolders,
    ledger: &Ledger,
) {
    for app in &mut plan.apps {
        let whole = app.clone();
        for version in &mut app.versions {
            let planned = version.clone();
            let mut there = Vec::new();
            for image in std::mem::take(&mut version.images) {
                if image.is_held() {
                    continue;
                }
                match gather(context, &whole, &planned, &image, digests).await {
                    Ok(_) => there.push(image),
                    Err(error) => ledger.with(|report| report.add_error(&whole.app.name, &error)),
                }
            }
            version.images = there;
        }
    }
}

/// New images of one image of one version, and the commits that they are of.
struct Gathered {
    built: BTreeMap<Platform, Made>,
    revisions: Vec<Revision>,
}

/// Gathers what digest files have of an image; refuses one of which a platform is
/// neither there nor published.
async fn gather(
    context: &Context,
    app: &AppPlan,
    version: &VersionPlan,
    image: &ImagePlan,
    digests: &DigestFolders,
) -> Result<Gathered> {
    let mut built: BTreeMap<Platform, Made> = BTreeMap::new();
    let mut revisions = Vec::new();
    let mut missing: Vec<TargetId> = Vec::new();
    for platform in &image.wanted {
        let target = TargetId {
            app: app.app.name.clone(),
            version: version.version.number.clone(),
            image: image.image.clone(),
            platform: platform.clone(),
        };
        let again = image.rebuild.contains(platform);
        let file = match version.job(&image.image, platform) {
            Some(job) => digests.read(&target, job)?,
            None => None,
        };
        let file = file.filter(|file| !again || is_of(image, file));
        match file {
            Some(file) => {
                let made = Made {
                    descriptor: file.descriptor,
                    recipe: Some(file.recipe),
                };
                built.insert(platform.clone(), made);
                revisions.extend(file.revision);
            }
            None if image.present.contains(platform) && !again => {}
            None => missing.push(target),
        }
    }
    if !missing.is_empty() {
        // Another run may have published it since the plan was made.
        let published = context
            .registry
            .version(&image.image, &version.version.number)
            .await?
            .version();
        missing.retain(|target| {
            image.rebuild.contains(&target.platform)
                || !published
                    .as_ref()
                    .is_some_and(|published| published.platforms.contains_key(&target.platform))
        });
    }
    if !missing.is_empty() {
        return Err(lost(context, version, image, digests, &missing).into());
    }
    Ok(Gathered { built, revisions })
}

/// Whether a digest file is of the rebuild that was planned: that of an earlier
/// build is not, nor that of a rebuild of something else.
fn is_of(image: &ImagePlan, file: &DigestFile) -> bool {
    let mark = file.rebuild.as_ref();
    mark.is_some_and(|mark| mark.replaces == image.published)
}

/// Fails where an image that was published when the plan was made is so no more.
async fn refuse_gone(context: &Context, version: &VersionPlan, image: &ImagePlan) -> Result<()> {
    let number = &version.version.number;
    let held = context.registry.version(&image.image, number).await?;
    let there = held.version().map(|there| there.platforms);
    let mut wanted = image.wanted.iter();
    if wanted.all(|platform| {
        there
            .as_ref()
            .is_some_and(|there| there.contains_key(platform))
    }) {
        return Ok(());
    }
    let reference = context.registry.endpoint().show(&image.image, number);
    Err(Failure::new(
        ExitCode::NotFound,
        format!("{reference} was published when the plan was made, and is not any more"),
    )
    .hint("plan again, and build what is missing")
    .into())
}

fn lost(
    context: &Context,
    version: &VersionPlan,
    image: &ImagePlan,
    digests: &DigestFolders,
    missing: &[TargetId],
) -> Failure {
    let platforms = |between: &str| {
        let platforms: Vec<_> = missing.iter().map(|t| t.platform.to_string()).collect();
        platforms.join(between)
    };
    let reference = context
        .registry
        .endpoint()
        .show(&image.image, &version.version.number);
    context.reporter.report(Event::Warning {
        message: &format!("{reference} is not tagged, for want of {}", platforms(", ")),
    });
    let targets: Vec<_> = missing.iter().map(ToString::to_string).collect();
    let app = missing.first().map_or("", |target| &target.app);
    let (of, again) = if image.rebuild.is_empty() {
        ("", "")
    } else {
        (" of this rebuild", " --rebuild")
    };
    let none = format!(
        "there is no digest file{of} for {} in {}",
        targets.join(", "),
        digests.shown()
    );
    if let Some(other) = missing.iter().find_map(|target| digests.elsewhere(target)) {
        return Failure::new(
            ExitCode::NotFound,
            format!("{none} that was pushed to {reference}, only to {other}"),
        )
        .hint("merge with the --registry and --namespace it was built with");
    }
    Failure::new(ExitCode::NotFound, none).hint(format!(
        "bakehouse build {app} --version {} --platform {}{again}",
        version.version.number,
        platforms(" --platform ")
    ))
}
