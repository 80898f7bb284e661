//! The plan of the commands that look at several apps.

use anyhow::Result;

use super::Session;
use crate::cli::AppSelection;
use crate::context::Context;
use crate::pipeline::alarm::{Alarm, alarms};
use crate::pipeline::check;
use crate::pipeline::discover::Discovered;
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::held::hold_back;
use crate::pipeline::ledger::Ledger;
use crate::pipeline::memory::{self, Memory};
use crate::pipeline::plan::Plan;
use crate::pipeline::survey::{Survey, survey};

/// A plan, what it was made of, and what is known from earlier runs.
pub(super) struct Planned {
    pub(super) discovered: Vec<Discovered>,
    pub(super) plan: Plan,
    pub(super) memory: Memory,
}

impl Planned {
    /// Alarms of a command that builds what is missing: about what upstream lost,
    /// and what is not tried.
    pub(super) fn alarms(&self, context: &Context) -> Vec<Alarm> {
        let Memory {
            history,
            fewer,
            now,
        } = &self.memory;
        let thresholds = context.project.file().alarms;
        let flags = &context.settings.flags;
        alarms(
            &self.plan,
            fewer,
            history,
            thresholds,
            now,
            flags,
            |_, image| image.is_held(),
        )
    }
}

/// Tells where images go, discovers the apps and plans them. Apps and versions
/// that could not be looked at are failures of the ledger. What has failed again
/// and again is held back, unless it was asked for.
///
/// # Errors
/// When nothing could be planned: the registry cannot be reached, or all there
/// was to plan failed, of which the one failure is the command's own.
pub(super) async fn planned(
    session: &Session,
    context: &Context,
    ledger: &Ledger,
    selection: &AppSelection,
) -> Result<Planned> {
    session.destination(context);
    let Survey {
        discovered,
        mut failed,
        checked,
        ..
    } = survey(context, &selection.apps).await?;
    let records = |failed: &check::Failed| -> Vec<FailureRecord> {
        let of = |(app, error): &(String, anyhow::Error)| FailureRecord::new(error).of_app(app);
        failed.iter().map(of).collect()
    };
    let (mut plan, unchecked) = match checked {
        Ok(checked) => checked,
        Err(error) => {
            ledger.with(|report| report.failures.extend(records(&failed)));
            return Err(error);
        }
    };
    failed.extend(unchecked);
    let failures = records(&failed);
    let memory = memory::look(context, &discovered, &plan, &failures);
    if plan.apps.is_empty() && failed.len() == 1 {
        return Err(failed.remove(0).1);
    }
    ledger.with(|report| report.failures.extend(failures));
    if !selection.retry_failed {
        let recipes = memory::recipes(&discovered);
        hold_back(&mut plan, &memory.history, &recipes, &memory.now);
    }
    Ok(Planned {
        discovered,
        plan,
        memory,
    })
}
