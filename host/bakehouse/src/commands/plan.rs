//! `bakehouse plan`

use anyhow::{Context as _, Result};

use super::Session;
use super::planned::{Planned, planned};
use super::text::plan_table;
use crate::ci::{Page as _, PlanPage, matrix};
use crate::cli::{PlanArgs, PlanFormat};
use crate::failure::ExitCode;
use crate::text;

/// Shows what the registry lacks.
pub(super) async fn plan(session: &Session, args: &PlanArgs) -> Result<ExitCode> {
    let context = session
        .context(|overrides| {
            args.selection.apply(overrides);
            args.rebuild.apply(overrides);
        })
        .await?;
    let Planned { plan, failed, .. } = planned(session, &context, &args.apps).await?;
    if let Some(path) = &args.save {
        std::fs::write(path, text::json(&plan)? + "\n")
            .with_context(|| format!("cannot write the plan to {}", path.display()))?;
    }
    for path in &args.summary.summaries {
        PlanPage::new(&plan, failed.len()).write(path)?;
    }
    match args.format {
        PlanFormat::Json => session.printer.json(&plan)?,
        PlanFormat::Text => session.printer.data(&plan_table(&plan, failed.len())),
        PlanFormat::Github => {
            let batches = matrix::batches(
                &plan,
                &context.project.file().runners,
                context.settings.use_qemu,
            );
            if batches.len() > 1 {
                session.printer.talk(format_args!(
                    "{} jobs are {} batches: GitHub runs at most {} jobs of one matrix",
                    plan.jobs().count(),
                    batches.len(),
                    matrix::LARGEST
                ));
            }
            session.printer.data(&matrix::outputs(&batches)?);
        }
    }
    Ok(session.failures(&failed))
}
