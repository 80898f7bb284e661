//! The plan of the commands that look at several apps.

use anyhow::Result;

use super::Session;
use crate::context::Context;
use crate::pipeline::check::{self, Failed};
use crate::pipeline::discover::{self, Discovered};
use crate::pipeline::plan::Plan;

/// A plan, and all that it was made of.
pub(super) struct Planned {
    pub(super) discovered: Vec<Discovered>,
    pub(super) plan: Plan,
    /// Apps and versions that are not in it, since they could not be looked at.
    pub(super) failed: Failed,
}

/// Tells where images go, discovers the apps and plans them.
///
/// # Errors
/// When nothing could be planned: the registry cannot be reached, or all there
/// was to plan failed, of which the one failure is the command's own.
pub(super) async fn planned(
    session: &Session,
    context: &Context,
    apps: &[String],
) -> Result<Planned> {
    session.destination(context);
    let (discovered, mut failed) = discover::discover_each(context, apps).await?;
    let checked = check::plan(context, &discovered).await;
    let (plan, unchecked) = checked.inspect_err(|_| {
        session.failures(&failed);
    })?;
    failed.extend(unchecked);
    if plan.apps.is_empty()
        && failed.len() == 1
        && let Some((_, error)) = failed.pop()
    {
        return Err(error);
    }
    Ok(Planned {
        discovered,
        plan,
        failed,
    })
}
