//! `bakehouse plan`

use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Session;
use super::ending::Kind;
use super::planned::planned;
use super::text::plan_page;
use crate::ci::{PlanPage, gitlab, matrix};
use crate::cli::{PlanArgs, PlanFormat};
use crate::failure::ExitCode;
use crate::pipeline::overdue;
use crate::pipeline::plan::Plan;
use crate::pipeline::times::Times;
use crate::text;

/// Shows what the registry lacks.
pub(super) async fn plan(session: &Session, args: &PlanArgs) -> Result<ExitCode> {
    let conclusion = session.begin(Kind::Plan, &args.summary.summaries)?;
    if let Some(path) = &args.save {
        // What an earlier plan said is no more, and it is seen now if it cannot be.
        let replaced = std::fs::metadata(path).map_or(true, |file| !file.file_type().is_fifo());
        if replaced {
            save(&Plan::default(), path)?;
        }
    }
    let context = session
        .context(|overrides| args.selection.apply(overrides))
        .await?;
    let mut planned = planned(session, &context, conclusion.ledger(), &args.selection).await?;
    let alarms = planned.alarms(&context);
    let mut plan = std::mem::take(&mut planned.plan);
    let file = context.project.file();
    let times = || Times::read(&context.project.times());
    plan.batches = match args.format {
        PlanFormat::Github => matrix::batches(&plan, file, &times()),
        PlanFormat::Gitlab => gitlab::batched(&plan, file, &times()),
        PlanFormat::Text | PlanFormat::Json => Vec::new(),
    };
    let failures = conclusion.ledger().with(|report| report.failures.clone());
    if let Some(path) = &args.save {
        save(&plan, path)?;
    }
    let missing = args.missing.then(|| plan.missing());
    let shown = missing.as_ref().unwrap_or(&plan);
    match args.format {
        PlanFormat::Json => session.printer.json(&PlanPage::new(shown, &failures))?,
        PlanFormat::Text => {
            let page = plan_page(session.printer.new_page(), shown, failures.len());
            match plan.target_count() {
                0 => session.printer.outcome(&page),
                _ => session.printer.page(&page),
            }
        }
        PlanFormat::Gitlab => {
            let merge = !plan.batches.is_empty() || overdue::any(&context, &plan).await?;
            let parent = gitlab::Parent::here();
            let pipeline = gitlab::pipeline(&plan, &failures, merge, file, &parent);
            session.printer.json(&pipeline)?;
        }
        PlanFormat::Github => {
            let matrix = matrix::matrix(&plan, file, context.settings.use_qemu);
            let merge = !matrix.is_empty() || overdue::any(&context, &plan).await?;
            session
                .printer
                .data(&matrix::outputs(&matrix, "merge", merge)?);
        }
    }
    let code = conclusion.finish_plan(session, &plan);
    let code = session.alarmed(code, &alarms);
    if args.exit_code && code == ExitCode::Success {
        let work = plan.target_count() > 0 || overdue::any(&context, &plan).await?;
        return Ok(if work { ExitCode::Work } else { code });
    }
    Ok(code)
}

fn save(plan: &Plan, path: &Path) -> Result<()> {
    std::fs::write(path, text::json(plan)? + "\n")
        .with_context(|| format!("cannot write the plan to {}", path.display()))
}
