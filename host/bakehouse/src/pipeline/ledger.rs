//! The report of a command at work: whatever ends the command, and when, it can
//! be told what was done.

use crate::failure::ExitCode;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use bakehouse_core::storage_error::StorageError;
use bakehouse_core::target::TargetId;
use bakehouse_registry::Endpoint;
use jiff::Timestamp;

use super::outcome::Outcome;
use super::plan::Plan;
use super::report::{Ending, Report, seconds};
use super::run_folder::RunFolder;

/// A report that grows, and the folder that it is kept in.
#[derive(Debug)]
pub struct Ledger {
    started: Instant,
    report: Mutex<Report>,
    folder: OnceLock<(PathBuf, Arc<RunFolder>)>,
}

impl Ledger {
    /// The report of a command that has done nothing yet.
    #[must_use]
    pub fn new(command: String) -> Self {
        let now = Timestamp::now().as_second();
        let begun = Timestamp::from_second(now).unwrap_or_default();
        Self {
            started: Instant::now(),
            report: Mutex::new(Report {
                command,
                begun: begun.to_string(),
                ..Report::default()
            }),
            folder: OnceLock::new(),
        }
    }

    /// Keeps it in this folder of the project at `root`, from now on.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn keep_in(&self, root: &Path, folder: Arc<RunFolder>) -> Result<(), StorageError> {
        self.with(|report| report.run = Some(folder.id().to_owned()));
        let _ = self.folder.set((root.to_owned(), folder));
        self.save()
    }

    /// Looks at the report, or adds to it.
    pub fn with<T>(&self, change: impl FnOnce(&mut Report) -> T) -> T {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds what is going to be built, and with `publish` tagged.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn plan(
        &self,
        plan: &Plan,
        endpoint: &Endpoint,
        publish: bool,
    ) -> Result<(), StorageError> {
        self.with(|report| report.plan(plan, endpoint, publish));
        self.save()
    }

    /// Adds how a target ended.
    pub fn ended(&self, endpoint: &Endpoint, outcome: &Outcome) {
        let log = self.log(&outcome.target);
        let ended = self.started.elapsed();
        self.with(|report| report.add(endpoint, outcome, ended, log));
    }

    /// The report at the command's end.
    #[must_use]
    pub fn close(&self, ending: Ending, code: ExitCode) -> Report {
        self.with(|report| {
            report.ending = ending;
            report.exit_code = Some(code.code());
            report.seconds = seconds(self.started.elapsed());
            report.clone()
        })
    }

    /// Writes it into its folder, where it has one.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn save(&self) -> Result<(), StorageError> {
        let Some((_, folder)) = self.folder.get() else {
            return Ok(());
        };
        folder.report(&self.with(|report| report.clone()))
    }

    /// The folder of its logs, from the project's root; none where there are none.
    #[must_use]
    pub fn logs(&self) -> Option<String> {
        let (root, folder) = self.folder.get()?;
        folder.has_logs().then(|| shown(root, folder.path()))
    }

    /// A target's log, from the project's root; none where it has none.
    #[must_use]
    pub fn log(&self, target: &TargetId) -> Option<String> {
        let (root, folder) = self.folder.get()?;
        Some(shown(root, &folder.log(target)?))
    }
}

fn shown(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.display().to_string()
}
