//! Commands and their flags, from the command line.

use std::fmt::Write as _;

use clap::{Arg, Command};

use super::markdown::{cell, code, head, table};
use crate::cli::Cli;
use crate::help;

const ABOUT: &str = "`bakehouse help COMMAND` says the same. A flag wins over its variable, the variable over \
[`bakehouse.toml`](bakehouse-toml.md), that over the default. How a command ends is told by its [exit code](exit-codes.md).";

/// The command line without the environment of whoever makes the page.
pub(super) fn line() -> Command {
    let mut line = help::shape(Cli::plain());
    line.build();
    line
}

/// The page.
pub(super) fn page() -> String {
    let line = line();
    let mut text = head("Commands", ABOUT);
    for (heading, about) in [
        (help::EVERYWHERE, ""),
        (
            help::PUBLISHING,
            "A command takes those of these that it names.\n\n",
        ),
    ] {
        let _ = write!(text, "\n## {heading}\n\n{about}");
        text.push_str(&options(under(&line, heading)));
    }
    for command in line.get_subcommands() {
        add(&mut text, "", command);
    }
    text
}

/// The options of every command below a heading.
fn under<'a>(command: &'a Command, heading: &'a str) -> impl Iterator<Item = &'a Arg> {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    shown.filter(move |arg| arg.is_global_set() && arg.get_help_heading() == Some(heading))
}

fn add(text: &mut String, above: &str, command: &Command) {
    if command.get_name() == "help" {
        return;
    }
    let path = format!("{above} {}", command.get_name());
    let name = format!("bakehouse{path}");
    let about = command.get_about().map(ToString::to_string);
    let _ = write!(
        text,
        "\n## {}\n\n{}.\n",
        code(&name),
        about.unwrap_or_default()
    );
    let own = command.get_arguments().filter(|arg| !arg.is_global_set());
    let own = own.filter(|arg| {
        !["help", "version"].contains(&arg.get_id().as_str()) || arg.get_action().takes_values()
    });
    let table = options(own);
    if !table.is_empty() {
        let _ = write!(text, "\n{table}");
    }
    let settings = under(command, help::PUBLISHING).filter_map(Arg::get_long);
    let settings: Vec<_> = settings.map(|long| code(&format!("--{long}"))).collect();
    if !settings.is_empty() {
        let place = help::PUBLISHING.to_lowercase();
        let link = place.replace(' ', "-");
        let settings = settings.join(", ");
        let _ = write!(text, "\nOf [{place}](#{link}): {settings}.\n");
    }
    let examples = help::examples(path.trim_start()).iter();
    let lines: String = examples
        .map(|(line, does)| format!("# {does}\n{line}\n"))
        .collect();
    if !lines.is_empty() {
        let _ = write!(text, "\n```sh\n{lines}```\n");
    }
    for below in command.get_subcommands() {
        add(text, &path, below);
    }
}

/// A table of arguments and flags.
fn options<'a>(args: impl Iterator<Item = &'a Arg>) -> String {
    let rows = args.filter(|arg| !arg.is_hide_set()).map(|arg| {
        let variable = arg
            .get_env()
            .map(|name| name.to_string_lossy().into_owned());
        let default: Vec<_> = arg.get_default_values().iter().collect();
        let takes = arg.get_action().takes_values();
        let default = default
            .first()
            .filter(|_| takes)
            .map(|value| value.to_string_lossy());
        vec![
            code(&written(arg)),
            code(&variable.unwrap_or_default()),
            code(&default.unwrap_or_default()),
            cell(&meaning(arg)),
        ]
    });
    let rows: Vec<_> = rows.collect();
    match rows.is_empty() {
        true => String::new(),
        false => table(&["option", "variable", "default", "meaning"], &rows),
    }
}

/// A flag or argument as it is written.
fn written(arg: &Arg) -> String {
    let takes = arg.get_action().takes_values();
    let names = arg.get_value_names().unwrap_or_default();
    let value = match names.first() {
        Some(name) => name.to_string(),
        None => arg.get_id().as_str().to_uppercase(),
    };
    let long = arg.get_long().map(|long| format!("--{long}"));
    let short = arg.get_short().map(|short| format!("-{short}"));
    let flags: Vec<_> = short.into_iter().chain(long).collect();
    match (flags.is_empty(), takes) {
        (true, _) => value,
        (false, true) => format!("{} {value}", flags.join(", ")),
        (false, false) => flags.join(", "),
    }
}

/// The help of an argument, and its choices.
fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or_else(|| arg.get_help());
    let mut text = help.map(ToString::to_string).unwrap_or_default();
    let values = arg.get_possible_values();
    let told = values.iter().any(|value| value.get_help().is_some()) || values.len() > 2;
    if told && !arg.is_hide_possible_values_set() && arg.get_action().takes_values() {
        for value in values {
            let said = value.get_help().map(ToString::to_string);
            let _ = write!(text, "\n\n`{}`", value.get_name());
            if let Some(said) = said {
                let _ = write!(text, ": {said}");
            }
        }
    }
    text
}
