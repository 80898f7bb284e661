//! `bakehouse run`

use anyhow::Result;

use super::Session;
use super::ending::Kind;
use super::planned::planned;
use super::text::{Act, dry_run, joined};
use crate::ci::PlanPage;
use crate::cli::{Format, RunArgs};
use crate::failure::{ExitCode, Failure};
use crate::pipeline::build::reusable;
use crate::pipeline::plan::Plan;
use crate::pipeline::run as pipeline;

/// Discovers, plans, builds, pushes, merges and tags.
pub(super) async fn run(session: &Session, args: &RunArgs) -> Result<ExitCode> {
    let kind = Kind::of(args.format, args.dry_run);
    let conclusion = session.begin(kind, &args.summary.summaries)?;
    let ledger = conclusion.ledger();
    let context = session
        .context(|overrides| {
            args.selection.apply(overrides);
            overrides.concurrency = args.concurrency;
        })
        .await?;
    if !args.dry_run {
        conclusion.keep(session, &context);
    }
    let planned = planned(session, &context, ledger, &args.selection).await?;
    let (discovered, plan) = (&planned.discovered, &planned.plan);
    refuse_parts(plan)?;
    if args.dry_run {
        let failures = ledger.with(|report| report.failures.clone());
        match args.format {
            Format::Json => session.printer.json(&PlanPage::new(plan, &failures))?,
            Format::Text => {
                let reused = reusable(&context, discovered, plan).await?;
                let page = session.printer.new_page();
                let page = dry_run(page, plan, &reused, Act::BuildAndTag, failures.len());
                session.printer.page(&page);
            }
        }
        let code = conclusion.finish_plan(session, plan);
        return Ok(session.alarmed(code, &planned.alarms(&context)));
    }
    session.tell_outdated(plan);
    ledger.with(|report| report.alarms = planned.alarms(&context));
    pipeline::run(&context, discovered, plan, ledger).await?;
    Ok(conclusion.finish(session, &context).await)
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
