//! Log lines, beside what commands tell.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::cli::Cli;

/// Sends log lines to stderr: warnings; with `--verbose` also what recipes say;
/// or what `BAKEHOUSE_LOG` asks for (the syntax of `RUST_LOG`).
pub fn start(cli: &Cli) {
    let default = if cli.global.quiet {
        "error"
    } else if cli.global.verbose {
        "warn,bakehouse=info"
    } else {
        "warn"
    };
    let filter =
        EnvFilter::try_from_env("BAKEHOUSE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(false)
        .without_time()
        .init();
}
