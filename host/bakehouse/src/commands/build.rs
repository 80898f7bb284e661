//! `bakehouse build`

use anyhow::Result;

use super::Session;
use super::outcome::finish;
use super::text::dry_run;
use crate::cli::{BuildArgs, Format};
use crate::failure::{ExitCode, Failure};
use crate::pipeline::plan::Plan;
use crate::pipeline::report::Report;
use crate::pipeline::{check, discover, run as pipeline};

/// Builds what is missing of one version, and tags nothing.
pub(super) async fn build(session: &Session, args: &BuildArgs) -> Result<ExitCode> {
    let context = session
        .context(|overrides| {
            overrides.platforms.clone_from(&args.platforms);
            overrides.concurrency = args.concurrency;
            args.rebuild.apply(overrides);
        })
        .await?;
    session.destination(&context);
    let apps = [args.app.clone()];
    let discovered = discover::discover(&context, &apps, Some(&args.version)).await?;
    let (mut plan, failed) = check::plan(&context, &discovered).await?;
    if let Some((_, error)) = failed.into_iter().next() {
        return Err(error);
    }
    only(&mut plan, &args.images)?;
    if args.dry_run {
        session.printer.data(&dry_run(&plan, false, 0));
        return Ok(ExitCode::Success);
    }
    session.tell_outdated(&plan);
    let mut report = Report::of(&plan);
    if plan.target_count() > 0 {
        pipeline::build_all(&context, &discovered, &plan, &mut report).await?;
    }
    let summaries = &args.summary.summaries;
    finish(session, &context, &report, Format::Text, summaries).await
}

/// Leaves out jobs that make none of these images; no names mean all.
fn only(plan: &mut Plan, images: &[String]) -> Result<(), Failure> {
    for app in &mut plan.apps {
        let known: Vec<&str> = app
            .app
            .images
            .iter()
            .map(|image| image.name.as_str())
            .collect();
        if let Some(name) = images.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(Failure::new(
                ExitCode::NotFound,
                format!("{} has no image {name}", app.app.name),
            )
            .hint(format!("its recipe has {}", known.join(", "))));
        }
        for version in app.versions.iter_mut().filter(|_| !images.is_empty()) {
            version
                .jobs
                .retain(|job| job.images.iter().any(|image| images.contains(image)));
        }
    }
    Ok(())
}
