//! `bakehouse man`

use std::io;

use anyhow::Result;
use bakehouse_core::storage_error::At as _;
use bakehouse_system::storage;
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::Session;
use crate::cli::{Cli, ManArgs};
use crate::environment::SHORT;
use crate::failure::ExitCode;
use crate::help;
use crate::text::Text;

/// Prints the manual page, or writes one for each command.
pub(super) fn man(session: &Session, args: &ManArgs) -> Result<ExitCode> {
    let mut line = help::shape(Cli::plain()).disable_help_subcommand(true);
    line.build();
    let Some(folder) = &args.folder else {
        let page = page(&line, "")?;
        session.printer.data(&Text::of_the_program(page));
        return Ok(ExitCode::Success);
    };
    std::fs::create_dir_all(folder).at("create", folder)?;
    let mut commands = vec![(&line, String::new())];
    while let Some((command, path)) = commands.pop() {
        let file = folder.join(Man::new(command.clone()).get_filename());
        let page = page(command, path.trim_start()).at("write", &file)?;
        storage::write(&file, &page).at("write", &file)?;
        for below in command.get_subcommands() {
            commands.push((below, format!("{path} {}", below.get_name())));
        }
    }
    let folder = folder.display();
    session
        .printer
        .talk(format_args!("wrote the manual's pages to {folder}"));
    Ok(ExitCode::Success)
}

/// The page of a command, with the sections that manuals have for its variables,
/// examples and exit codes.
fn page(command: &Command, path: &str) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    environment(&mut roff, command);
    examples(&mut roff, path);
    exit_status(&mut roff);
    roff.to_writer(&mut page)?;
    Ok(page)
}

fn environment(roff: &mut Roff, command: &Command) {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let mut variables = shown
        .filter_map(|arg| Some((arg.get_env()?.to_str()?, arg)))
        .peekable();
    if variables.peek().is_none() {
        return;
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for (name, arg) in variables {
        let mut names = vec![bold(name)];
        if let Some((_, short)) = SHORT.iter().find(|(long, _)| *long == name) {
            names.extend([roman(", "), bold(*short)]);
        }
        let stands_for = match arg.get_long() {
            Some(long) => format!("--{long}"),
            None => format!("{} as arguments", arg.get_id()),
        };
        roff.control("TP", []).text(names).text([roman(stands_for)]);
    }
}

fn examples(roff: &mut Roff, path: &str) {
    let examples = help::examples(path);
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
    }
    for (line, does) in examples {
        roff.control("TP", [])
            .text([bold(*line)])
            .text([roman(*does)]);
    }
}

fn exit_status(roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    for code in ExitCode::ALL {
        roff.control("TP", []);
        roff.text([bold(code.code().to_string())]);
        roff.text([roman(code.meaning())]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_variables_examples_and_exit_codes() {
        let mut line = help::shape(Cli::plain());
        line.build();
        let plan = line.find_subcommand("plan").unwrap();
        let page = String::from_utf8(page(plan, "plan").unwrap()).unwrap();
        for part in [
            "\n.SH ENVIRONMENT\n",
            "\\fBBAKEHOUSE_MAX_VERSIONS\\fR, \\fBMAX_VERSIONS\\fR\n\\-\\-max\\-versions\n",
            "\n.SH EXAMPLES\n",
            "\\fBbakehouse plan\\fR\nall apps\n",
            "\n.SH \"EXIT STATUS\"\n",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("EXTRA") && !page.contains("BAKEHOUSE_BUILDER"));
    }
}
