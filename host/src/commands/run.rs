//! `bakehouse run`

use anyhow::Result;

use super::Session;
use super::outcome::finish;
use super::text::dry_run;
use crate::cli::{Format, RunArgs};
use crate::error::ExitCode;
use crate::pipeline::{check, discover, run as pipeline};

/// Discovers, plans, builds, pushes, merges and tags.
pub(super) async fn run(session: &Session, args: &RunArgs) -> Result<ExitCode> {
    let context = session
        .context(|overrides| {
            args.selection.apply(overrides);
            overrides.concurrency = args.concurrency;
            args.rebuild.apply(overrides);
        })
        .await?;
    let (discovered, failed) = discover::discover_each(&context, &args.apps).await?;
    let plan = check::plan(&context, &discovered).await?;
    if args.dry_run {
        match args.format {
            Format::Json => session.printer.json(&plan)?,
            Format::Text => session.printer.data(&dry_run(&plan)),
        }
        return Ok(session.failures(&failed));
    }
    session.tell_outdated(&plan);
    let mut report = pipeline::run(&context, &discovered, &plan)
        .await
        .inspect_err(|_| {
            session.failures(&failed);
        })?;
    for (app, error) in &failed {
        report.add_error(Some(app), error);
    }
    finish(
        session,
        &context,
        &report,
        args.format,
        &args.summary.summaries,
    )
    .await
}
