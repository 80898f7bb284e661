//! `bakehouse workflows`

use anyhow::Result;

use super::Session;
use crate::ci::workflows::{self, File, MARKER, There};
use crate::cli::WorkflowsArgs;
use crate::failure::{ExitCode, Failure};

/// Writes the GitHub Actions workflow, or checks it. Where it would take the place
/// of a file that is somebody else's, it is not written.
pub(super) fn workflows(session: &Session, args: &WorkflowsArgs) -> Result<ExitCode> {
    let project = session.project()?;
    let file = workflows::caller(project.file(), args.product.as_ref())?;
    let there = file.there(project.root())?;
    let stale = match there {
        There::Same => Vec::new(),
        _ => vec![(file, there)],
    };
    if stale.is_empty() {
        session
            .printer
            .talk("the workflow is in step with bakehouse.toml");
        return Ok(ExitCode::Success);
    }
    let foreign = stale.iter().filter(|(_, there)| *there == There::Foreign);
    let foreign: Vec<_> = foreign
        .map(|(file, _)| file.path.display().to_string())
        .collect();
    if !foreign.is_empty() {
        let hint = format!(
            "move {} away; or, where it may be replaced, begin it with `{MARKER}`",
            foreign.join(", ")
        );
        return Err(failure(&stale).hint(hint).into());
    }
    if args.check {
        return Err(failure(&stale)
            .hint("run `bakehouse workflows` and commit what it writes")
            .into());
    }
    for (file, _) in &stale {
        file.write(project.root())?;
        let path = file.path.display();
        session.printer.done(format_args!("wrote {path}"));
    }
    Ok(ExitCode::Success)
}

/// That these files are not what they should be, and how.
fn failure(files: &[(File, There)]) -> Failure {
    let told: Vec<_> = files
        .iter()
        .map(|(file, there)| format!("{} {}", file.path.display(), there.told()))
        .collect();
    Failure::new(
        ExitCode::Config,
        format!("not in step with bakehouse.toml: {}", told.join(", ")),
    )
}
