//! `bakehouse merge`

use std::collections::BTreeMap;

use anyhow::Result;

use super::Session;
use super::run::finish;
use super::text::dry_run;
use crate::cli::{Format, MergeArgs};
use crate::context::Context;
use crate::error::{ExitCode, Failure};
use crate::pipeline::checkout::one_commit;
use crate::pipeline::digest_file::DigestFile;
use crate::pipeline::publish::{move_tags, publish};
use crate::pipeline::report::Report;
use crate::pipeline::{check, discover};
use crate::target::TargetId;

/// Merges one version's digest files.
pub(super) async fn merge(session: &Session, args: &MergeArgs) -> Result<ExitCode> {
    let context = session
        .context(|overrides| overrides.platforms.clone_from(&args.platforms))
        .await?;
    let digests = args
        .digests
        .clone()
        .unwrap_or_else(|| context.project.digests());
    // Upstream was asked when it was built.
    let discovered = match DigestFile::version_of(&digests, &args.app, &args.version)? {
        Some(version) => vec![discover::known(&context, &args.app, version).await?],
        None => {
            let apps = [args.app.clone()];
            discover::discover(&context, &apps, Some(&args.version)).await?
        }
    };
    if args.dry_run {
        let plan = check::plan(&context, &discovered).await?;
        session.printer.data(&dry_run(&plan));
        return Ok(ExitCode::Success);
    }
    // The merge itself looks at what is published.
    let plan = check::plan_unchecked(&context, &discovered).await?;
    let mut report = Report::default();
    for (app, version) in plan
        .apps
        .iter()
        .flat_map(|a| a.versions.iter().map(move |v| (a, v)))
    {
        for image in &version.images {
            let mut built = BTreeMap::new();
            let mut revisions = Vec::new();
            for platform in &image.wanted {
                let target = TargetId {
                    app: app.app.name.clone(),
                    version: version.version.number.clone(),
                    image: image.image.clone(),
                    platform: platform.clone(),
                };
                let repository = context.registry.endpoint().show_repository(&image.image);
                match DigestFile::read(&digests, &target)? {
                    Some(file) if file.repository == repository => {
                        built.insert(platform.clone(), file.descriptor);
                        revisions.extend(file.revision);
                    }
                    Some(file) => {
                        return Err(Failure::new(
                            ExitCode::Config,
                            format!(
                                "{target} was pushed to {}, not to {repository}",
                                file.repository
                            ),
                        )
                        .hint("merge with the --registry and --namespace it was built with")
                        .into());
                    }
                    None if is_published(&context, &target).await? => {}
                    None => {
                        return Err(Failure::new(
                            ExitCode::NotFound,
                            format!(
                                "there is no digest file for {target} in {}",
                                digests.display()
                            ),
                        )
                        .hint(format!(
                            "bakehouse build {} --version {} --platform {platform}",
                            target.app, target.version
                        ))
                        .into());
                    }
                }
            }
            let endpoint = context.registry.endpoint();
            let reference = endpoint.show(&image.image, &version.version.number);
            let revision = one_commit(&reference, &revisions)?;
            let merged = publish(
                &context,
                &app.app,
                &version.version,
                revision.as_ref(),
                image,
                &built,
                args.force,
            )
            .await?;
            report.images.push(merged);
            let written = report.written();
            let versions = [(version, image)];
            let moved = move_tags(&context, &image.image, &versions, &app.moving, &written).await?;
            report.add_moved(context.registry.endpoint(), &image.image, moved);
        }
    }
    report.retries = context.registry.retries();
    finish(session, &report, Format::Text)
}

async fn is_published(context: &Context, target: &TargetId) -> Result<bool> {
    let published = context
        .registry
        .published(&target.image, &target.version)
        .await?;
    Ok(published.is_some_and(|p| p.platforms.contains_key(&target.platform)))
}
