//! The shape of help: examples below each command, the exit codes below all of
//! them, and no flag that a command does not use.

use std::ffi::OsString;

use clap::{Arg, ArgMatches, ColorChoice, Command};

use crate::cli;
use crate::failure::ExitCode;

/// Examples by command, as lines of a shell with what each does.
const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    (
        "init",
        &[
            ("bakehouse init images", "a project in the folder images"),
            (
                "bakehouse init --product OWNER/REPO@v1.2.3",
                "with a workflow that calls this release",
            ),
        ],
    ),
    (
        "new",
        &[
            (
                "bakehouse new biome --from npm:@biomejs/biome",
                "an image of npm's programs",
            ),
            (
                "bakehouse new ruff --from pypi:ruff --yes",
                "of wheels; asks nothing",
            ),
            (
                "bakehouse new app --from git:https://HOST/REPO.git",
                "of upstream's own Dockerfile",
            ),
        ],
    ),
    (
        "plan",
        &[
            ("bakehouse plan", "all apps"),
            (
                "bakehouse plan biome --max-versions 3 --format json",
                "one app's three newest versions",
            ),
        ],
    ),
    (
        "status",
        &[
            ("bakehouse status", "all apps, as a table"),
            (
                "bakehouse status --site public --format json",
                "also a folder of a page, badges and data",
            ),
        ],
    ),
    (
        "build",
        &[
            (
                "bakehouse build biome --version 2.0.0 --platform linux/arm64",
                "one target",
            ),
            (
                "bakehouse build biome --version 2.0.0 --dry-run",
                "what would be built",
            ),
        ],
    ),
    (
        "merge",
        &[
            (
                "bakehouse merge biome --version 2.0.0",
                "of the digests that build left in digests/",
            ),
            (
                "bakehouse merge --plan plan.json --digests all/",
                "all of a plan, as CI does it",
            ),
        ],
    ),
    (
        "run",
        &[
            (
                "bakehouse run --registry local",
                "everything, into a registry on this machine",
            ),
            ("bakehouse run biome --dry-run", "what would be done"),
        ],
    ),
    (
        "inspect",
        &[
            (
                "bakehouse inspect biome",
                "the image under latest in the project's registry",
            ),
            (
                "bakehouse inspect docker.io/library/alpine:3.22",
                "any other image",
            ),
        ],
    ),
    (
        "smoke",
        &[(
            "bakehouse smoke biome -- --version",
            "each platform's program, with this argument",
        )],
    ),
    (
        "review",
        &[(
            "bakehouse review --base origin/main",
            "what this branch changes, built and run",
        )],
    ),
    (
        "logs",
        &[
            ("bakehouse logs --failed", "of targets that failed"),
            (
                "bakehouse logs biome linux/arm64",
                "of one app for one platform",
            ),
        ],
    ),
    (
        "report",
        &[
            ("bakehouse report", "of the newest run, as it ended"),
            ("bakehouse report --html > report.html", "as a page"),
        ],
    ),
    (
        "doctor",
        &[
            ("bakehouse doctor", "what is wrong, and how to mend it"),
            ("bakehouse doctor --fix", "mends what is safe to mend"),
        ],
    ),
    (
        "recipe",
        &[
            (
                "bakehouse recipe check biome",
                "what it needs, and whether it would build",
            ),
            ("bakehouse recipe show biome", "what it is built with"),
        ],
    ),
    (
        "workflows",
        &[(
            "bakehouse workflows --check",
            "whether it is in step with bakehouse.toml",
        )],
    ),
    (
        "up",
        &[(
            "bakehouse up --dry-run",
            "what is there, and what would be done",
        )],
    ),
    (
        "schema",
        &[
            ("bakehouse schema report", "of a run's JSON"),
            ("bakehouse schema --folder schemas", "all, as files"),
        ],
    ),
    (
        "completions",
        &[
            ("source <(bakehouse completions bash)", "in ~/.bashrc"),
            ("source <(bakehouse completions zsh)", "in ~/.zshrc"),
            (
                "bakehouse completions fish | source",
                "in ~/.config/fish/config.fish",
            ),
        ],
    ),
];

/// The options of every command that say where and how images are published.
const SETTINGS: &[&str] = &[
    "registry",
    "namespace",
    "builders",
    "multi_arch",
    "use_qemu",
    "cache",
    "locked",
];

/// The settings that a command uses, by the command without the program's name.
fn uses(command: &str) -> &'static [&'static str] {
    match command {
        "workflows" | "completions" | "man" | "schema" | "up" | "down" | "runs" | "logs"
        | "report" | "review page" => &[],
        "recipe" | "recipe check" | "recipe show" | "recipe build" => &["locked"],
        "serve" => &["namespace"],
        "init" | "new" | "smoke" => &["registry", "namespace"],
        "inspect" => &["registry", "namespace", "locked"],
        "merge" | "status" => &["registry", "namespace", "multi_arch", "locked"],
        "plan" | "review plan" => &["registry", "namespace", "multi_arch", "use_qemu", "locked"],
        _ => SETTINGS,
    }
}

/// Says that a command has some use for an option of every command.
fn is_used(command: &str, arg: &Arg) -> bool {
    let id = arg.get_id().as_str();
    !SETTINGS.contains(&id) || uses(command).contains(&id)
}

/// The options on a command line that its command has no use for, and that
/// command.
pub(crate) fn unused(command: &Command, matches: &ArgMatches) -> (String, Vec<String>) {
    let mut names = Vec::new();
    let mut last = matches;
    while let Some((name, below)) = last.subcommand() {
        names.push(name);
        last = below;
    }
    let name = names.join(" ");
    let unused = command
        .get_arguments()
        .filter(|arg| !is_used(&name, arg))
        .filter(|arg| cli::is_flag(last, arg.get_id().as_str()))
        .filter_map(|arg| Some(format!("--{}", arg.get_long()?)))
        .collect();
    (name, unused)
}

/// The colours of help, where they are asked for anywhere on the command line.
pub(crate) fn colour(arguments: impl IntoIterator<Item = OsString>) -> ColorChoice {
    let mut arguments = arguments.into_iter();
    let mut asked = ColorChoice::Auto;
    while let Some(argument) = arguments.next().filter(|argument| argument != "--") {
        let argument = argument.to_string_lossy().into_owned();
        let when = match argument.strip_prefix("--color") {
            Some("") => arguments
                .next()
                .map(|when| when.to_string_lossy().into_owned()),
            Some(when) => when.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        asked = match when.as_deref() {
            Some("always") => ColorChoice::Always,
            Some("never") => ColorChoice::Never,
            Some("auto") => ColorChoice::Auto,
            _ => asked,
        };
    }
    asked
}

/// The heading of options that say where and how images are published.
pub(crate) const PUBLISHING: &str = "Where and how images are published";
/// The heading of the other options of every command.
pub(crate) const EVERYWHERE: &str = "Options of every command";

/// The command with examples, exit codes, and its own flags alone. A setting
/// that is not shown is still taken, and told to be of no use: a script may give
/// the same to all commands.
pub(crate) fn shape(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        let heading = match SETTINGS.contains(&arg.get_id().as_str()) {
            true => PUBLISHING,
            false => EVERYWHERE,
        };
        arg.help_heading(heading)
    });
    let everywhere: Vec<_> = command.get_arguments().cloned().collect();
    command
        .after_long_help(exit_codes())
        .mut_subcommands(|sub| {
            let name = sub.get_name().to_owned();
            let sub = shape_of(sub, &name, &everywhere);
            match examples(&name) {
                [] => sub.after_help(WHERE_CODES.trim_start()),
                examples => sub.after_help(shown(examples) + WHERE_CODES),
            }
        })
}

/// A command, and those below it, without the options that they have no use for.
fn shape_of(command: Command, path: &str, everywhere: &[Arg]) -> Command {
    let unused = everywhere.iter().filter(|arg| !is_used(path, arg));
    command
        .args(unused.cloned().map(|arg| arg.hide(true)))
        .mut_subcommands(|below| {
            let path = format!("{path} {}", below.get_name());
            shape_of(below, &path, everywhere)
        })
}

/// The command line as shells complete it. Their scripts know nothing of what is
/// hidden, so that each command has what it shows, and no more.
pub(crate) fn completed(command: &Command) -> Command {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let everywhere: Vec<_> = shown.cloned().map(|arg| arg.global(false)).collect();
    Command::new("bakehouse")
        .version(env!("CARGO_PKG_VERSION"))
        .args(everywhere.clone())
        .subcommands(command.get_subcommands().map(|sub| {
            let name = sub.get_name().to_owned();
            completed_of(sub.clone(), &name, &everywhere)
        }))
}

fn completed_of(command: Command, path: &str, everywhere: &[Arg]) -> Command {
    let used = everywhere.iter().filter(|arg| is_used(path, arg)).cloned();
    command.args(used).mut_subcommands(|below| {
        let path = format!("{path} {}", below.get_name());
        completed_of(below, &path, everywhere)
    })
}

/// The examples of a command, as lines of a shell with what each does.
pub(crate) fn examples(command: &str) -> &'static [(&'static str, &'static str)] {
    let mut all = EXAMPLES.iter().filter(|(name, _)| *name == command);
    all.next().map_or(&[], |(_, examples)| examples)
}

/// The place of exit codes, below the help of a command.
const WHERE_CODES: &str = "\n\nExit codes: see `bakehouse --help`";

fn shown(examples: &[(&str, &str)]) -> String {
    let lines = examples
        .iter()
        .map(|(line, does)| format!("\n  # {does}\n  {line}"));
    format!("Examples:{}", lines.collect::<String>())
}

fn exit_codes() -> String {
    let lines = ExitCode::ALL
        .into_iter()
        .map(|code| format!("\n  {:>3}  {}", code.code(), code.meaning()));
    format!("Exit codes:{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::FromArgMatches as _;

    use super::*;
    use crate::cli::{Cli, Command as Given};

    fn help(arguments: &[&str]) -> String {
        let line = ["bakehouse"].iter().chain(arguments);
        let error = Cli::shaped().try_get_matches_from(line).unwrap_err();
        error.render().to_string()
    }

    #[test]
    fn a_command_shows_the_flags_that_it_uses() {
        for (command, shown, hidden) in [
            ("init", "--product", "--builder"),
            ("plan", "--registry", "--builder"),
            ("new", "--namespace", "--use-qemu"),
            ("inspect", "--namespace", "--use-qemu"),
            ("build", "--builder", "--yes"),
        ] {
            let help = help(&[command, "--help"]);
            assert!(help.contains(shown), "{help}");
            assert!(!help.contains(hidden), "{help}");
            assert!(help.contains("Examples:\n  # "), "{help}");
            assert!(help.contains("bakehouse --help"), "{help}");
            let own = help.find("Options:\n").unwrap();
            let shared = help.find(EVERYWHERE).unwrap();
            assert!(own < shared, "{help}");
        }
    }

    #[test]
    fn shells_complete_what_help_shows() {
        let mut line = completed(&Cli::plain());
        line.build();
        let mut shaped = Cli::shaped();
        shaped.build();
        let mut commands = vec![(&line, &shaped)];
        let mut looked = 0;
        while let Some((command, shaped)) = commands.pop() {
            let ids = |command: &Command| -> BTreeSet<String> {
                let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
                shown.map(|arg| arg.get_id().to_string()).collect()
            };
            assert_eq!(ids(command), ids(shaped), "{}", command.get_name());
            assert!(command.get_arguments().all(|arg| !arg.is_hide_set()));
            looked += 1;
            for below in command.get_subcommands() {
                let same = shaped.find_subcommand(below.get_name());
                commands.push((below, same.unwrap()));
            }
        }
        assert!(looked > 20, "{looked}");
    }

    #[test]
    fn options_of_no_use_are_known() {
        for (line, command, expected) in [
            (
                "status --builder x --cache local",
                "status",
                "--builder --cache",
            ),
            ("--builder x status", "status", "--builder"),
            (
                "recipe --use-qemu false show a",
                "recipe show",
                "--use-qemu",
            ),
            ("recipe show a --locked --quiet", "recipe show", ""),
            (
                "review page --plan a --parts b --locked",
                "review page",
                "--locked",
            ),
            ("run --builder x --cache local", "run", ""),
        ] {
            let words = ["bakehouse"].into_iter().chain(line.split(' '));
            let mut shaped = Cli::shaped();
            let matches = shaped.try_get_matches_from_mut(words).unwrap();
            let (name, unused) = unused(&shaped, &matches);
            assert_eq!(
                (name.as_str(), unused.join(" ").as_str()),
                (command, expected)
            );
        }
    }

    #[test]
    fn every_command_of_the_examples_can_be_read() {
        for (command, examples) in EXAMPLES {
            for (line, _) in *examples {
                let words = line.strip_prefix("source <(").unwrap_or(line);
                let words = words.split([')', '>', '|']).next().unwrap_or_default();
                let words = words.trim_end();
                let read = Cli::shaped().try_get_matches_from(words.split(' '));
                let matches = read.unwrap_or_else(|error| panic!("{line}: {error}"));
                assert_eq!(matches.subcommand_name(), Some(*command), "{line}");
            }
        }
    }

    #[test]
    fn a_setting_that_is_not_shown_is_taken_before_and_behind_the_command() {
        for line in [
            ["bakehouse", "--registry", "r.test", "plan"],
            ["bakehouse", "plan", "--registry", "r.test"],
            ["bakehouse", "serve", "--registry", "r.test"],
            ["bakehouse", "--registry", "r.test", "serve"],
        ] {
            let matches = Cli::shaped().try_get_matches_from(line).unwrap();
            let cli = Cli::from_arg_matches(&matches).unwrap();
            assert_eq!(cli.global.registry.as_deref(), Some("r.test"), "{line:?}");
            assert!(matches!(cli.command, Given::Plan(_) | Given::Serve(_)));
        }
    }

    #[test]
    fn colours_are_asked_for_anywhere_before_other_programs_arguments() {
        for (line, expected) in [
            ("bakehouse", ColorChoice::Auto),
            ("bakehouse run --color never --help", ColorChoice::Never),
            ("bakehouse --color=always nonsense", ColorChoice::Always),
            ("bakehouse --color=never --color auto", ColorChoice::Auto),
            ("bakehouse smoke a -- --color never", ColorChoice::Auto),
            ("bakehouse --colors never --color", ColorChoice::Auto),
        ] {
            assert_eq!(
                colour(line.split(' ').map(OsString::from)),
                expected,
                "{line}"
            );
        }
    }

    #[test]
    fn help_tells_every_exit_code() {
        let help = help(&["--help"]);
        for code in ExitCode::ALL {
            let line = format!("{:>3}  {}", code.code(), code.meaning());
            assert!(help.contains(&line), "{line}: {help}");
        }
    }
}
