//! `bakehouse workflows`

use anyhow::Result;

use super::Session;
use crate::ci::workflows::{self, File, MARKER, There};
use crate::cli::WorkflowsArgs;
use crate::failure::{ExitCode, Failure};
use crate::product::Product;
use crate::text::Text;

/// Writes the GitHub Actions workflows, or checks them. Where one would take the
/// place of a file that is somebody else's, none is written.
pub(super) fn workflows(session: &Session, args: &WorkflowsArgs) -> Result<ExitCode> {
    let project = session.project()?;
    let mut stale = Vec::new();
    let told = args.product.as_ref().or(project.file().ci.uses.as_ref());
    let files = match told.cloned().or_else(Product::own) {
        Some(product) => vec![workflows::caller(&product)],
        None => workflows::files(project.file()),
    };
    for file in files {
        let there = file.there(project.root())?;
        if there != There::Same {
            stale.push((file, there));
        }
    }
    if stale.is_empty() {
        session
            .printer
            .talk("the workflows are in step with bakehouse.toml");
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
        session
            .printer
            .outcome(&Text::of(format_args!("wrote {}", file.path.display())));
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
