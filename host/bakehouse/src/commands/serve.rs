//! `bakehouse serve`

use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::progress::Reporter;

use super::Session;
use crate::cli::ServeArgs;
use crate::config::Settings;
use crate::context::open_registry;
use crate::failure::ExitCode;

/// Serves the embedded registry.
pub(super) async fn serve(session: &Session, args: &ServeArgs) -> Result<ExitCode> {
    let project = session.project()?;
    let mut overrides = session.overrides.clone();
    overrides.registry = Some("local".to_owned());
    let settings = Settings::resolve(project.file(), &overrides)?;
    let (registry, local) = open_registry(
        &project,
        &settings,
        Arc::clone(&session.reporter) as Arc<dyn Reporter>,
        args.port,
    )
    .await?;
    let Some(local) = local else {
        return Ok(ExitCode::Success);
    };
    session.printer.line(local.address());
    let storage = project.local_registry();
    let example = registry.endpoint().repository("IMAGE:TAG");
    let storage = storage.display();
    match local.is_owner() {
        true => session.printer.talk(format_args!(
            "serving {storage}, e.g. {example}; Ctrl-C ends it"
        )),
        false => session.printer.talk(format_args!(
            "another bakehouse process serves {storage} now, e.g. {example}; this one goes on when that ends; Ctrl-C ends it"
        )),
    }
    // Served until the signal that ends this command drops everything.
    std::future::pending().await
}
