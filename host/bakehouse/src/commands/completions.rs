//! `bakehouse completions`

use anyhow::Result;

use super::Session;
use crate::cli::CompletionsArgs;
use crate::failure::ExitCode;
use crate::text::Text;

/// Prints the script by which a shell completes command lines.
///
/// # Errors
/// See [`Shell::script`](crate::completion::Shell::script).
pub(super) fn completions(session: &Session, args: &CompletionsArgs) -> Result<ExitCode> {
    session
        .printer
        .data(&Text::of_the_program(args.shell.script()?));
    Ok(ExitCode::Success)
}
