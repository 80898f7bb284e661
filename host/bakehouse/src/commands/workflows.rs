//! `bakehouse workflows`

use anyhow::Result;

use super::Session;
use crate::ci::workflows;
use crate::cli::WorkflowsArgs;
use crate::failure::{ExitCode, Failure};

/// Writes the GitHub Actions workflows, or checks them.
pub(super) fn workflows(session: &Session, args: &WorkflowsArgs) -> Result<ExitCode> {
    let project = session.project()?;
    let mut stale = Vec::new();
    for file in workflows::files(project.file()) {
        if file.is_stale(project.root())? {
            if !args.check {
                file.write(project.root())?;
            }
            stale.push(file.path.display().to_string());
        }
    }
    if args.check && !stale.is_empty() {
        return Err(Failure::new(
            ExitCode::Config,
            format!("not in step with bakehouse.toml: {}", stale.join(", ")),
        )
        .hint("run `bakehouse workflows` and commit what it writes")
        .into());
    }
    for path in &stale {
        session.printer.line(format_args!("wrote {path}"));
    }
    if stale.is_empty() {
        session
            .printer
            .talk("the workflows are in step with bakehouse.toml");
    }
    Ok(ExitCode::Success)
}
