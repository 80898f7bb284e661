//! `bakehouse build`

use anyhow::Result;

use super::Session;
use super::run::finish;
use super::text::dry_run;
use crate::cli::{BuildArgs, Format};
use crate::error::ExitCode;
use crate::pipeline::report::Report;
use crate::pipeline::{check, discover, run as pipeline};

/// Builds what is missing of one version, and tags nothing.
pub(super) async fn build(session: &Session, args: &BuildArgs) -> Result<ExitCode> {
    let context = session
        .context(|overrides| {
            overrides.platforms.clone_from(&args.platforms);
            overrides.concurrency = args.concurrency;
        })
        .await?;
    let apps = [args.app.clone()];
    let discovered = discover::discover(&context, &apps, Some(&args.version)).await?;
    let plan = check::plan(&context, &discovered).await?;
    if args.dry_run {
        session.printer.data(&dry_run(&plan));
        return Ok(ExitCode::Success);
    }
    let mut report = Report::default();
    if plan.target_count() > 0 {
        pipeline::build_all(&context, &discovered, &plan, &mut report).await?;
    }
    finish(session, &report, Format::Text)
}
