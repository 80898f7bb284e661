//! `bakehouse plan`

use anyhow::Result;

use super::Session;
use super::text::plan_table;
use crate::cli::{Format, PlanArgs};
use crate::error::ExitCode;
use crate::pipeline::{check, discover};

/// Shows what the registry lacks.
pub(super) async fn plan(session: &Session, args: &PlanArgs) -> Result<ExitCode> {
    let context = session
        .context(|overrides| args.selection.apply(overrides))
        .await?;
    let discovered = discover::discover(&context, &args.apps, None).await?;
    let plan = check::plan(&context, &discovered).await?;
    match args.format {
        Format::Json => session.printer.data(&serde_json::to_string_pretty(&plan)?),
        Format::Text => session.printer.data(&plan_table(&plan)),
    }
    Ok(ExitCode::Success)
}
