//! `bakehouse run`

use anyhow::Result;

use super::Session;
use super::outcome::finish;
use super::planned::{Planned, planned};
use super::text::{dry_run, joined};
use crate::cli::{Format, RunArgs};
use crate::failure::{ExitCode, Failure};
use crate::pipeline::plan::Plan;
use crate::pipeline::run as pipeline;

/// Discovers, plans, builds, pushes, merges and tags.
pub(super) async fn run(session: &Session, args: &RunArgs) -> Result<ExitCode> {
    let context = session
        .context(|overrides| {
            args.selection.apply(overrides);
            overrides.concurrency = args.concurrency;
            args.rebuild.apply(overrides);
        })
        .await?;
    let Planned {
        discovered,
        plan,
        failed,
    } = planned(session, &context, &args.apps).await?;
    refuse_parts(&plan).inspect_err(|_| {
        session.failures(&failed);
    })?;
    if args.dry_run {
        match args.format {
            Format::Json => session.printer.json(&plan)?,
            Format::Text => session.printer.data(&dry_run(&plan, true, failed.len())),
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
        report.add_error(app, error);
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

/// Refuses a plan that builds an image for some of its platforms only: it could
/// not be tagged.
fn refuse_parts(plan: &Plan) -> Result<(), Failure> {
    let Some((short, count)) = plan.short() else {
        return Ok(());
    };
    let more = match count {
        1 => String::new(),
        count => format!(", and so for {} more", count - 1),
    };
    Err(Failure::new(
        ExitCode::Usage,
        format!(
            "{} {} would have {}, and not {}{more}",
            short.image,
            short.version,
            joined(&short.built),
            joined(&short.missing)
        ),
    )
    .hint(
        "leave --platform out; or pass --partial to tag a part (moving tags stay), or \
         build it with `bakehouse build`, which tags nothing",
    ))
}
