//! The shape of help: examples below each command, the exit codes below all of
//! them, and no flag that a command does not use.

use clap::Command;

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
        "completions",
        &[(
            "bakehouse completions bash > ~/.local/share/bash-completion/completions/bakehouse",
            "for bash",
        )],
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

/// The settings that a command uses; none for one that uses all of them.
fn uses(command: &str) -> Option<&'static [&'static str]> {
    Some(match command {
        "init" | "workflows" | "completions" | "man" | "serve" | "up" | "down" | "runs"
        | "logs" | "report" => &[],
        "new" => &["registry", "namespace", "locked"],
        "plan" | "merge" | "status" => &["registry", "namespace", "multi_arch", "locked"],
        "inspect" | "smoke" => &["registry", "namespace"],
        _ => return None,
    })
}

/// The command with examples, exit codes, and its own flags alone. A setting
/// that is not shown is still taken: a script may give the same to all commands.
pub(crate) fn shape(command: Command) -> Command {
    let settings: Vec<_> = command.get_arguments().cloned().collect();
    command
        .after_long_help(exit_codes())
        .mut_subcommands(|mut sub| {
            let name = sub.get_name().to_owned();
            if let Some(used) = uses(&name) {
                let unused = settings.iter().filter(|arg| {
                    let id = arg.get_id().as_str();
                    SETTINGS.contains(&id) && !used.contains(&id)
                });
                sub = sub.args(unused.cloned().map(|arg| arg.hide(true)));
            }
            let mut examples = EXAMPLES.iter().filter(|(command, _)| *command == name);
            match examples.next() {
                Some((_, examples)) => sub.after_help(shown(examples)),
                None => sub,
            }
        })
}

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
            ("init", "--product", "--registry"),
            ("plan", "--registry", "--builder"),
            ("new", "--namespace", "--use-qemu"),
            ("inspect", "--namespace", "--use-qemu"),
            ("build", "--builder", "--yes"),
        ] {
            let help = help(&[command, "--help"]);
            assert!(help.contains(shown), "{help}");
            assert!(!help.contains(hidden), "{help}");
            assert!(help.contains("Examples:\n  # "), "{help}");
        }
    }

    #[test]
    fn every_command_of_the_examples_can_be_read() {
        for (command, examples) in EXAMPLES {
            for (line, _) in *examples {
                let words = line.split(" > ").next().unwrap_or_default();
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
    fn help_tells_every_exit_code() {
        let help = help(&["--help"]);
        for code in ExitCode::ALL {
            let line = format!("{:>3}  {}", code.code(), code.meaning());
            assert!(help.contains(&line), "{line}: {help}");
        }
    }
}
