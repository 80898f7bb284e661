//! `bakehouse recipe show`

use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::progress::Reporter;

use super::Session;
use super::preview_text::preview_text;
use crate::cli::{Format, RecipeShowArgs};
use crate::failure::ExitCode;
use crate::pipeline::preview::{Wanted, preview};
use crate::pipeline::unbuilt::Unbuilt;

/// Shows what a version's targets are built with; exits as what cannot be built,
/// or is not known before something is compiled.
pub(super) async fn recipe_show(session: &Session, args: &RecipeShowArgs) -> Result<ExitCode> {
    let reporter = Arc::clone(&session.reporter) as Arc<dyn Reporter>;
    let locked = session.overrides.locked;
    let unbuilt = Unbuilt::open(session.project()?, &args.app, locked, &reporter).await?;
    let wanted = Wanted {
        version: args.version.as_deref(),
        platforms: &args.platforms,
        images: &args.images,
    };
    let preview = preview(&unbuilt, wanted, &*reporter).await?;
    match args.format {
        Format::Json => session.printer.json(&preview)?,
        Format::Text => session.printer.painted(&preview_text(&preview)),
    }
    Ok(ExitCode::common(preview.problems().map(|problem| {
        session.tell(&problem.clone().of_app(&args.app));
        problem.code
    })))
}
