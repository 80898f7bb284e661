//! Measurements of `bakehouse` against `docker`, `docker buildx`, `crane` and
//! `skopeo`: whole processes, on this machine, in turns, against one registry on
//! loopback, as Markdown tables for `docs/benchmarks.md`. `just bench` runs it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the tables are what it is for"
)]

mod bed;
mod cases;
mod contest;
mod host;
mod measure;
mod own_push;
mod table;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use cases::Case;

/// Measures bakehouse against docker, buildx, crane and skopeo
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure, and print Markdown tables
    Run {
        /// Rounds of each comparison
        #[arg(long, default_value_t = 11)]
        rounds: usize,
        /// The bakehouse program
        #[arg(long, default_value = "target/release/bakehouse")]
        program: PathBuf,
        /// An earlier bakehouse program, which takes its turns, too
        #[arg(long)]
        before: Option<PathBuf>,
        /// Only these [default: all]
        cases: Vec<Case>,
    },
    /// Run one command and write down what it took
    #[command(hide = true)]
    Measure {
        report: PathBuf,
        #[arg(last = true)]
        command: Vec<OsString>,
    },
    /// Push an OCI archive by the library
    #[command(hide = true)]
    Push {
        host: String,
        namespace: String,
        image: String,
        archive: PathBuf,
    },
}

fn main() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Run {
            rounds,
            program,
            before,
            cases,
        } => {
            cases::run(&program, before.as_deref(), rounds, &cases)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Measure { report, command } => measure::measure(&report, &command),
        Command::Push {
            host,
            namespace,
            image,
            archive,
        } => {
            own_push::push(&host, &namespace, &image, &archive)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
