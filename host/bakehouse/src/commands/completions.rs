//! `bakehouse completions`

use super::Session;
use crate::cli::{Cli, CompletionsArgs};
use crate::failure::ExitCode;
use crate::help;
use crate::text::Text;

/// Prints the script by which a shell completes command lines.
pub(super) fn completions(session: &Session, args: &CompletionsArgs) -> ExitCode {
    let mut script = Vec::new();
    let mut line = help::completed(&Cli::plain());
    clap_complete::generate(args.shell, &mut line, "bakehouse", &mut script);
    session.printer.data(&Text::of_the_program(script));
    ExitCode::Success
}
