//! `bakehouse plan`

use anyhow::{Context as _, Result};
use bakehouse_core::error::ExitCode;

use super::Session;
use super::run::refuse_only;
use super::text::plan_table;
use crate::ci::{Page as _, PlanPage, matrix};
use crate::cli::{PlanArgs, PlanFormat};
use crate::pipeline::{check, discover};
use crate::text;

/// Shows what the registry lacks.
pub(super) async fn plan(session: &Session, args: &PlanArgs) -> Result<ExitCode> {
    let context = session
        .context(|overrides| {
            args.selection.apply(overrides);
            args.rebuild.apply(overrides);
        })
        .await?;
    session.destination(&context);
    let (discovered, mut failed) = discover::discover_each(&context, &args.apps).await?;
    let checked = check::plan(&context, &discovered).await;
    let (plan, unchecked) = checked.inspect_err(|_| {
        session.failures(&failed);
    })?;
    failed.extend(unchecked);
    refuse_only(&plan, &mut failed)?;
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
