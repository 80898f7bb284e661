//! The completion of command lines, for shells that ask the program itself.
//!
//! A shell that is asked for the rest of a word starts the program with the words so
//! far, so that it offers what is there: the commands and options of this program, and
//! the apps, platforms and runs of the project that the words are about. Nothing here
//! reaches a server, and a project that cannot be read has no names: the command that
//! is typed tells what is wrong with it.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use clap::ValueEnum;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{Bash, CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Zsh};

use crate::cli::Cli;
use crate::config::{Project, default_platforms};
use crate::help;
use crate::pipeline::run_folder::KeptRun;

/// The program, as shells call it.
const PROGRAM: &str = "bakehouse";
/// The variable by which a shell asks, with its name.
const ASKS: &str = "BAKEHOUSE_COMPLETE";

/// A shell whose command lines are completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl Shell {
    /// The script by which this shell asks the program.
    ///
    /// # Errors
    /// When it cannot be written, which memory does not do.
    pub(crate) fn script(self) -> io::Result<Vec<u8>> {
        let shell: &dyn EnvCompleter = match self {
            Self::Bash => &Bash,
            Self::Elvish => &Elvish,
            Self::Fish => &Fish,
            Self::Powershell => &Powershell,
            Self::Zsh => &Zsh,
        };
        let mut script = Vec::new();
        shell.write_registration(ASKS, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
        Ok(script)
    }
}

/// Answers a shell, and ends the process, where one asks.
pub fn answer() {
    let line = || help::completed(&Cli::plain());
    let asked = CompleteEnv::with_factory(line).var(ASKS);
    asked.bin(PROGRAM).completer(PROGRAM).complete();
}

/// The apps of the project, by name.
pub(crate) fn apps() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let apps = project().and_then(|project| project.apps().ok());
        candidates(apps.unwrap_or_default())
    })
}

/// The platforms of the project, or those of one that names none.
pub(crate) fn platforms() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let platforms = project().and_then(|project| project.file().platforms.clone());
        let platforms = platforms.unwrap_or_else(default_platforms);
        candidates(platforms.iter().map(ToString::to_string))
    })
}

/// The runs that are kept, newest first.
pub(crate) fn runs() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let runs = project().and_then(|project| KeptRun::all(&project.runs()).ok());
        candidates(runs.into_iter().flatten().rev().map(|run| run.id))
    })
}

/// These names, offered in this order.
fn candidates(names: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    let names = names.into_iter().enumerate();
    let candidates =
        names.map(|(place, name)| CompletionCandidate::new(name).display_order(Some(place)));
    candidates.collect()
}

/// The project that the words are about.
fn project() -> Option<Project> {
    Project::open(root(std::env::args_os()).as_deref()).ok()
}

/// The folder that is named with `--root`, among the words after `--`.
fn root(arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let mut words = arguments.skip_while(|word| word != "--").skip(1);
    while let Some(word) = words.next() {
        if word == "--root" {
            // bash takes `=` for a word of its own.
            return words.find(|word| word != "=").map(PathBuf::from);
        }
        if let Some(folder) = word.to_str().and_then(|word| word.strip_prefix("--root=")) {
            return Some(folder.into());
        }
    }
    None
}
