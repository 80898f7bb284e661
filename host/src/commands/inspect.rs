//! `bakehouse inspect`

use anyhow::Result;

use super::text::inspection_text;
use super::{Session, reference};
use crate::cli::{Format, InspectArgs};
use crate::error::ExitCode;

/// Shows what is behind a reference.
pub(super) async fn inspect(session: &Session, args: &InspectArgs) -> Result<ExitCode> {
    let opened = reference::open(session, &args.reference).await?;
    let inspection = opened.registry.inspect(&opened.image, &opened.tag).await?;
    match args.format {
        Format::Json => session
            .printer
            .data(&serde_json::to_string_pretty(&inspection)?),
        Format::Text => session.printer.data(&inspection_text(&inspection)),
    }
    Ok(ExitCode::Success)
}
