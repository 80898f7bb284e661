//! The report of a command at work: whatever ends the command, and when, it can
//! be told what was done.
//!
//! Each change is written into the run's folder beside the work, as what kills a
//! run asks nobody first.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

use bakehouse_core::storage_error::StorageError;
use bakehouse_core::target::TargetId;
use bakehouse_registry::Endpoint;
use jiff::Timestamp;

use super::outcome::Outcome;
use super::plan::Plan;
use super::report::{Ending, Report, seconds};
use super::run_folder::RunFolder;
use crate::failure::ExitCode;

/// The writer's pause, as a multiple of the time that it wrote for.
const PAUSE: u32 = 9;

/// A report that grows, and the folder that it is kept in.
#[derive(Debug)]
pub struct Ledger {
    shared: Arc<Shared>,
    /// Tells the writer that there is something new.
    changed: OnceLock<SyncSender<()>>,
}

/// The part of a ledger that its writer needs, too.
#[derive(Debug)]
struct Shared {
    started: Instant,
    report: Mutex<Report>,
    folder: OnceLock<(PathBuf, Arc<RunFolder>)>,
    /// Held while a file is written: none takes the place of a newer one.
    writing: Mutex<()>,
}

impl Ledger {
    /// The report of a command that has done nothing yet.
    #[must_use]
    pub fn new(command: String) -> Self {
        let now = Timestamp::now().as_second();
        let begun = Timestamp::from_second(now).unwrap_or_default();
        Self {
            shared: Arc::new(Shared {
                started: Instant::now(),
                report: Mutex::new(Report {
                    next: Some(command.clone()),
                    command,
                    begun: begun.to_string(),
                    ..Report::default()
                }),
                folder: OnceLock::new(),
                writing: Mutex::default(),
            }),
            changed: OnceLock::new(),
        }
    }

    /// Keeps it in this folder of the project at `root`, from now on.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn keep_in(&self, root: &Path, folder: Arc<RunFolder>) -> Result<(), StorageError> {
        self.with(|report| report.run = Some(folder.id().to_owned()));
        let _ = self.shared.folder.set((root.to_owned(), folder));
        self.save()?;
        let (changed, changes) = sync_channel(1);
        let shared = Arc::clone(&self.shared);
        // Where there can be no thread, the end writes it.
        let writer = thread::Builder::new().name("report".to_owned());
        if writer.spawn(move || shared.write(&changes)).is_ok() {
            let _ = self.changed.set(changed);
        }
        Ok(())
    }

    /// Looks at the report, or adds to it.
    pub fn with<T>(&self, change: impl FnOnce(&mut Report) -> T) -> T {
        let changed = change(&mut self.shared.report());
        if let Some(writer) = self.changed.get() {
            // One that was told already writes this, too.
            let _ = writer.try_send(());
        }
        changed
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
        let ended = self.shared.started.elapsed();
        self.with(|report| report.add(endpoint, outcome, ended, log));
    }

    /// The report at the command's end.
    #[must_use]
    pub fn close(&self, ending: Ending, code: ExitCode) -> Report {
        self.with(|report| {
            report.ending = ending;
            report.exit_code = Some(code.code());
            report.seconds = seconds(self.shared.started.elapsed());
            let is_left = ending == Ending::Stopped || report.is_open();
            report.next = is_left.then(|| report.command.clone());
            report.clone()
        })
    }

    /// Writes it into its folder, where it has one.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn save(&self) -> Result<(), StorageError> {
        self.shared.save(|_| true)
    }

    /// The folder of its logs, from the project's root; none where there are none.
    #[must_use]
    pub fn logs(&self) -> Option<String> {
        let (root, folder) = self.shared.folder.get()?;
        folder.has_logs().then(|| shown(root, folder.path()))
    }

    /// A target's log, from the project's root; none where it has none.
    #[must_use]
    pub fn log(&self, target: &TargetId) -> Option<String> {
        let (root, folder) = self.shared.folder.get()?;
        Some(shown(root, &folder.log(target)?))
    }
}

impl Shared {
    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the report where it is one to write.
    fn save(&self, is_wanted: impl FnOnce(&Report) -> bool) -> Result<(), StorageError> {
        let Some((_, folder)) = self.folder.get() else {
            return Ok(());
        };
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut report = self.report().clone();
        if report.exit_code.is_none() {
            report.seconds = seconds(self.started.elapsed());
        }
        match is_wanted(&report) {
            true => folder.report(&report),
            false => Ok(()),
        }
    }

    /// Writes the report after each of these changes, or several, up to the end,
    /// which is written by itself.
    fn write(&self, changes: &Receiver<()>) {
        while changes.recv().is_ok() {
            let begun = Instant::now();
            if let Err(error) = self.save(|report| report.exit_code.is_none()) {
                tracing::warn!("the report is not kept before the end: {error}");
                return;
            }
            thread::sleep(begun.elapsed() * PAUSE);
        }
    }
}

fn shown(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Keep;
    use crate::pipeline::run_folder::KeptRun;

    #[test]
    fn a_run_that_is_killed_has_told_what_it_did() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(dir.path(), Keep::default()).unwrap();
        let [kept] = KeptRun::all(dir.path()).unwrap().try_into().unwrap();
        let ledger = Ledger::new("bakehouse run".to_owned());
        ledger.keep_in(dir.path(), Arc::new(folder)).unwrap();
        for number in 0..100 {
            ledger.with(|report| report.notes.push(number.to_string()));
        }
        let begun = Instant::now();
        let all = loop {
            let report = kept.report().unwrap().unwrap();
            if report.notes.len() == 100 {
                break report;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{report:?}");
        };
        assert_eq!((all.ending, all.next), (Ending::Unfinished, None));
        // The end is the last that is written.
        let _ = ledger.close(Ending::Done, ExitCode::Success);
        ledger.save().unwrap();
        ledger.with(|report| report.notes.clear());
        thread::sleep(Duration::from_millis(100));
        let ended = kept.report().unwrap().unwrap();
        assert_eq!((ended.ending, ended.notes.len()), (Ending::Done, 100));
        assert_eq!(ended.next, None);
    }
}
