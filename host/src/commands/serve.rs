//! `bakehouse serve`

use std::sync::Arc;

use anyhow::Result;

use super::Session;
use crate::cli::ServeArgs;
use crate::config::Settings;
use crate::context::open_registry;
use crate::error::ExitCode;

/// Serves the embedded registry.
pub(super) async fn serve(session: &Session, args: &ServeArgs) -> Result<ExitCode> {
    let project = session.project()?;
    let mut overrides = session.overrides.clone();
    overrides.registry = Some("local".to_owned());
    let settings = Settings::resolve(project.file(), &overrides)?;
    let (registry, local) = open_registry(
        &project,
        &settings,
        Arc::clone(&session.reporter),
        args.port,
    )
    .await?;
    if local.is_some_and(|local| {
        session.printer.line(local.address());
        if !local.is_owner() {
            session
                .printer
                .talk("another bakehouse process serves it already");
            return true;
        }
        session.printer.talk(format_args!(
            "serving {}, e.g. {}; Ctrl-C ends it",
            project.local_registry().display(),
            registry.endpoint().repository("IMAGE:TAG"),
        ));
        // Served until the signal that ends this command drops everything.
        std::mem::forget(local);
        false
    }) {
        return Ok(ExitCode::Success);
    }
    std::future::pending().await
}
