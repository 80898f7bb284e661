//! `bakehouse build --plan`

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use bakehouse_core::platform::Platform;

use super::ending::Kind;
use super::text::{Act, dry_run};
use super::{Session, saved_plan};
use crate::cli::{BuildArgs, Format};
use crate::failure::{ExitCode, Failure};
use crate::pipeline::build::reusable;
use crate::pipeline::check::{self, Failed};
use crate::pipeline::plan::{Job, Plan};
use crate::pipeline::{discover, run as pipeline};

/// Builds the jobs of a saved plan, or of one of its batches, as far as they are
/// still missing, and tags nothing. The plan only says which: recipes are asked,
/// as for any build.
pub(super) async fn build_plan(
    session: &Session,
    args: &BuildArgs,
    path: &Path,
) -> Result<ExitCode> {
    let kind = Kind::of(Format::Text, args.dry_run);
    let conclusion = session.begin(kind, &args.summary.summaries)?;
    let mut saved = saved_plan::read(path)?;
    let jobs = jobs(&saved, path, args.batch.as_deref())?;
    let platforms: BTreeSet<Platform> = jobs.iter().map(|job| job.platform.clone()).collect();
    let context = session
        .context(|overrides| {
            overrides.platforms = platforms.into_iter().collect();
            overrides.concurrency = args.concurrency;
            overrides.rebuild = jobs.iter().any(|job| job.rebuild);
        })
        .await?;
    session.destination(&context);
    if !args.dry_run {
        pipeline::look_ahead(&context);
        conclusion.keep(session, &context);
    }
    saved_plan::hold(&context, path, &mut saved)?;
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for job in &jobs {
        versions.entry(&job.app).or_default().insert(&job.version);
    }
    let ledger = conclusion.ledger();
    let add = |failed: &Failed| {
        ledger.with(|report| {
            for (app, error) in failed {
                report.add_error(app, error);
            }
        });
    };
    let (discovered, failed) = discover::discover_these(&context, &versions).await?;
    add(&failed);
    let (mut plan, failed) = check::plan(&context, &discovered).await?;
    add(&failed);
    only(&mut plan, &jobs);
    if args.dry_run {
        let failed = ledger.with(|report| report.failures.len());
        let reused = reusable(&context, &discovered, &plan).await?;
        let page = dry_run(
            session.printer.new_page(),
            &plan,
            &reused,
            Act::Build,
            failed,
        );
        session.printer.page(&page);
        return Ok(conclusion.finish_plan(session, &plan));
    }
    pipeline::build_all(&context, &discovered, &plan, ledger).await?;
    Ok(conclusion.finish(session, &context).await)
}

/// The jobs of a batch; without its id all of the plan.
pub(super) fn jobs(plan: &Plan, path: &Path, batch: Option<&str>) -> Result<Vec<Job>, Failure> {
    let Some(id) = batch else {
        return Ok(plan.jobs().cloned().collect());
    };
    let found = plan.batches.iter().find(|batch| batch.id == id);
    let batch = found.ok_or_else(|| {
        let ids: Vec<&str> = plan.batches.iter().map(|batch| batch.id.as_str()).collect();
        Failure::new(
            ExitCode::NotFound,
            format!("{} has no batch `{id}`", path.display()),
        )
        .hint(match ids.as_slice() {
            [] => "only a plan with --format github, or gitlab, has batches".to_owned(),
            ids => format!("it has {}", ids.join(", ")),
        })
    })?;
    let jobs = plan.jobs().filter(|job| batch.jobs.contains(&job.id()));
    Ok(jobs.cloned().collect())
}

/// Leaves out jobs that are not among these.
pub(super) fn only(plan: &mut Plan, jobs: &[Job]) {
    for app in &mut plan.apps {
        for version in &mut app.versions {
            version.jobs.retain(|job| {
                // Of an image that is published meanwhile there is less to build.
                jobs.iter().any(|asked| {
                    (&asked.app, &asked.version, &asked.platform)
                        == (&job.app, &job.version, &job.platform)
                        && job.images.iter().all(|image| asked.images.contains(image))
                })
            });
        }
    }
}
