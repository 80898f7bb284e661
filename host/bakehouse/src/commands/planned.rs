//! The plan of the commands that look at several apps.

use anyhow::Result;

use super::Session;
use crate::context::Context;
use crate::pipeline::check::{self, Failed};
use crate::pipeline::discover::{self, Discovered};
use crate::pipeline::ledger::Ledger;
use crate::pipeline::plan::Plan;

/// Tells where images go, discovers the apps and plans them. Apps and versions
/// that could not be looked at are failures of the ledger.
///
/// # Errors
/// When nothing could be planned: the registry cannot be reached, or all there
/// was to plan failed, of which the one failure is the command's own.
pub(super) async fn planned(
    session: &Session,
    context: &Context,
    ledger: &Ledger,
    apps: &[String],
) -> Result<(Vec<Discovered>, Plan)> {
    session.destination(context);
    let (discovered, mut failed) = discover::discover_each(context, apps).await?;
    let checked = check::plan(context, &discovered).await;
    if let Ok((plan, unchecked)) = &checked
        && plan.apps.is_empty()
        && failed.len() + unchecked.len() == 1
    {
        failed.extend(checked?.1);
        return Err(failed.remove(0).1);
    }
    let add = |failed: &Failed| {
        ledger.with(|report| {
            for (app, error) in failed {
                report.add_error(app, error);
            }
        });
    };
    add(&failed);
    let (plan, unchecked) = checked?;
    add(&unchecked);
    Ok((discovered, plan))
}
