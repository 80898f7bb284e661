//! The folder of one run: a log for each target, written as it is built, the
//! timeline, and the report.
//!
//! `.bakehouse/runs/<id>/<target>.log`, `timeline.jsonl` and `report.json`. Names of
//! folders sort by time. A run holds a lock on its folder as long as it is at work;
//! folders of others go when they are too old, and when there are too many or they
//! are too large: first of runs that had no target, and of these the oldest first.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_core::target::TargetId;
use bakehouse_system::storage;
use jiff::Timestamp;

use super::report::{Ending, Report};
use crate::config::Keep;
use crate::text;

/// The report's name.
const REPORT: &str = "report.json";
/// The timeline's name.
const TIMELINE: &str = "timeline.jsonl";
/// Bytes of a timeline after which steps of targets are left out of it: their logs
/// have them, too.
const MAX_STEPS: u64 = 8 << 20;
/// Bytes of a timeline that is read.
const MAX_TIMELINE: u64 = 64 << 20;
/// Bytes of a report that is read.
const MAX_REPORT: u64 = 64 << 20;
/// Bytes of a log before it is begun anew; the part before is kept, so that a
/// log has the last half of this at least, and twice this at most.
const MAX_LOG: u64 = 4 << 20;
/// The longest name of a log, without its suffix.
const MAX_NAME: usize = 200;
/// How often another name is tried for a folder of the same millisecond.
const TRIES: u64 = 1000;

/// The folder of the run at work.
#[derive(Debug)]
pub struct RunFolder {
    id: String,
    path: PathBuf,
    logs: Mutex<HashMap<TargetId, Log>>,
    timeline: Mutex<Timeline>,
    _lock: File,
}

/// The run's events, as they happened.
#[derive(Debug)]
struct Timeline {
    /// None after it could not be written.
    file: Option<File>,
    written: u64,
}

/// The worth of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// One of few.
    Event,
    /// One of many: a step of a target.
    Step,
}

/// One target's log.
#[derive(Debug)]
struct Log {
    name: String,
    /// Its first line, which says whose it is: a part that is begun anew has it, too.
    first: String,
    /// None after it could not be written.
    file: Option<File>,
    written: u64,
}

impl RunFolder {
    /// Makes the folder of a run that begins now, in `runs`, and removes those
    /// that are too many.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn create(runs: &Path, keep: Keep) -> Result<Self, StorageError> {
        storage::create(runs)?;
        sweep(runs, keep);
        let now = Timestamp::now().as_millisecond();
        let mut last = None;
        for more in 0..TRIES {
            let at = now.saturating_add_unsigned(more);
            let id = id(at);
            let path = runs.join(&id);
            match fs::create_dir(&path) {
                Ok(()) => {
                    let lock = File::open(&path).at("open", &path)?;
                    lock.lock().at("lock", &path)?;
                    let timeline = File::create_new(path.join(TIMELINE)).at("create", &path)?;
                    return Ok(Self {
                        id,
                        path,
                        logs: Mutex::default(),
                        timeline: Mutex::new(Timeline {
                            file: Some(timeline),
                            written: 0,
                        }),
                        _lock: lock,
                    });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = Some(error),
                Err(error) => return Err(StorageError::new("create", &path, error)),
            }
        }
        let error = last.unwrap_or_else(|| ErrorKind::AlreadyExists.into());
        Err(StorageError::new("write to", runs, error))
    }

    /// The folder's name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line to a target's log, which begins with its first. One that
    /// cannot be written is given up, and warned of: it is not worth a build.
    pub fn line(&self, target: &TargetId, line: &str) {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let names = logs.len();
        let log = logs
            .entry(target.clone())
            .or_insert_with(|| Log::open(&self.path, target, names));
        log.add(&self.path, &text::line(line));
    }

    /// Adds an event to the timeline: a line, with its line end. One that cannot be
    /// written is warned of, and is the last.
    pub fn event(&self, line: &str, detail: Detail) {
        let mut timeline = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
        let Timeline { file, written } = &mut *timeline;
        let Some(open) = file else {
            return;
        };
        if detail == Detail::Step && *written > MAX_STEPS {
            return;
        }
        match open.write_all(line.as_bytes()) {
            Ok(()) => *written = written.saturating_add(line.len() as u64),
            Err(error) => {
                let path = self.path.join(TIMELINE);
                tracing::warn!("{} cannot be written: {error}", path.display());
                *file = None;
            }
        }
    }

    /// Whether anything was written to a log.
    #[must_use]
    pub fn has_logs(&self) -> bool {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.values().any(|log| log.written > 0)
    }

    /// Where a target's log is; none where nothing was written to it.
    #[must_use]
    pub fn log(&self, target: &TargetId) -> Option<PathBuf> {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let log = logs.get(target)?;
        (log.written > 0).then(|| self.path.join(&log.name))
    }

    /// Writes the report, in place of what there is.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn report(&self, report: &Report) -> Result<(), StorageError> {
        let path = self.path.join(REPORT);
        let json = text::json(report).map_err(io::Error::other);
        let write = match report.exit_code {
            Some(_) => storage::write,
            None => storage::write_for_now,
        };
        json.and_then(|json| write(&path, (json + "\n").as_bytes()))
            .at("write", &path)
    }
}

impl Log {
    /// A log for this target; `others` are the run's already.
    fn open(folder: &Path, target: &TargetId, others: usize) -> Self {
        let mut name = format!("{}.log", name(target));
        let open = |name: &str| {
            let mut options = OpenOptions::new();
            options
                .append(true)
                .create_new(true)
                .open(folder.join(name))
        };
        let mut file = open(&name);
        // Names of two targets may differ in what no file name has.
        if matches!(&file, Err(error) if error.kind() == ErrorKind::AlreadyExists) {
            name = format!("{others}+{name}");
            file = open(&name);
        }
        if let Err(error) = &file {
            warn(&folder.join(&name), error);
        }
        Self {
            name,
            first: String::new(),
            file: file.ok(),
            written: 0,
        }
    }

    fn add(&mut self, folder: &Path, line: &str) {
        let Some(file) = &mut self.file else {
            return;
        };
        let path = folder.join(&self.name);
        let bytes = format!("{line}\n");
        if self.first.is_empty() {
            self.first.clone_from(&bytes);
        }
        let mut add = || {
            if self.written >= MAX_LOG {
                fs::rename(&path, path.with_extension("log.earlier"))?;
                *file = OpenOptions::new()
                    .append(true)
                    .create_new(true)
                    .open(&path)?;
                file.write_all(self.first.as_bytes())?;
                self.written = 0;
            }
            file.write_all(bytes.as_bytes())
        };
        match add() {
            Ok(()) => self.written = self.written.saturating_add(bytes.len() as u64),
            Err(error) => {
                warn(&path, &error);
                self.file = None;
            }
        }
    }
}

fn warn(path: &Path, error: &io::Error) {
    tracing::warn!("the log {} cannot be written: {error}", path.display());
}

/// A folder's name: UTC to the millisecond.
fn id(millisecond: i64) -> String {
    let at = Timestamp::from_millisecond(millisecond).unwrap_or_default();
    at.strftime("%Y%m%dT%H%M%S.%3fZ").to_string()
}

/// A target as part of a file name, with `+` between its parts.
fn name(target: &TargetId) -> String {
    let plain = |part: &str| -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        part.chars()
            .map(|c| if plain(c) { c } else { '_' })
            .collect()
    };
    let mut parts = vec![plain(&target.app), plain(&target.version)];
    if target.image != target.app {
        parts.push(plain(&target.image));
    }
    parts.push(target.platform.slug());
    let name = parts.join("+");
    // A name that begins with a dot is hidden.
    let name = name.strip_prefix('.').unwrap_or(&name);
    name.chars().take(MAX_NAME).collect()
}

/// A run that was kept, or is at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRun {
    /// The folder's name.
    pub id: String,
    /// Where it is.
    pub path: PathBuf,
}

impl KeptRun {
    /// All runs in a folder, oldest first; none where there is no folder.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn all(runs: &Path) -> Result<Vec<Self>, StorageError> {
        let entries = match fs::read_dir(runs) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.at("read", runs)?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let entry = entry.at("read", runs)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && is_id(&name) {
                all.push(Self {
                    id: name,
                    path: entry.path(),
                });
            }
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(all)
    }

    /// Whether its run is at work.
    #[must_use]
    pub fn is_running(&self) -> bool {
        // Shared, so that two who ask are not at work to each other.
        File::open(&self.path).is_ok_and(|folder| folder.try_lock_shared().is_err())
    }

    /// The ending of one whose report has none: at work, or killed.
    #[must_use]
    pub fn unended(&self) -> Ending {
        match self.is_running() {
            true => Ending::Unfinished,
            false => Ending::Killed,
        }
    }

    /// Its report, as it was written last; none where it has none. Of a run that has
    /// not ended it says whether that was killed.
    ///
    /// # Errors
    /// When it cannot be read, or is no report.
    pub fn report(&self) -> Result<Option<Report>, StorageError> {
        let path = self.path.join(REPORT);
        // Before it is read: one that ends meanwhile was not killed.
        let unended = self.unended();
        let bytes = match storage::read(&path, MAX_REPORT) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.at("read", &path)?,
        };
        let report = serde_json::from_slice(&bytes).map_err(io::Error::from);
        let mut report: Report = report.at("read", &path)?;
        if report.ending == Ending::Unfinished {
            report.ending = unended;
        }
        if report.ending == Ending::Unfinished {
            // There is nothing to go on with yet.
            report.next = None;
        }
        Ok(Some(report))
    }

    /// The lines of its timeline; none where it has none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn timeline(&self) -> Result<Vec<String>, StorageError> {
        let path = self.path.join(TIMELINE);
        match storage::read_text(&path, MAX_TIMELINE) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            read => Ok(read.at("read", &path)?.lines().map(str::to_owned).collect()),
        }
    }

    /// The time at which it began; none where its name is no time.
    #[must_use]
    pub fn begun(&self) -> Option<Timestamp> {
        begun(&self.id)
    }

    /// Its logs, by name. What a log had before it was begun anew stands beside
    /// it, with `.earlier` behind its name; both begin with the same line.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn logs(&self) -> Result<Vec<PathBuf>, StorageError> {
        let entries = fs::read_dir(&self.path).at("read", &self.path)?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut logs: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|suffix| suffix == "log"))
            .collect();
        logs.sort();
        Ok(logs)
    }

    /// Bytes of its files.
    fn bytes(&self) -> u64 {
        let entries = fs::read_dir(&self.path).into_iter().flatten();
        let files = entries.filter_map(|entry| entry.ok()?.metadata().ok());
        files.map(|file| file.len()).sum()
    }
}

/// Whether a folder has the name of a run's.
fn is_id(name: &str) -> bool {
    name.len() == "20260101T000000.000Z".len()
        && name.ends_with('Z')
        && name
            .bytes()
            .all(|b| b.is_ascii_digit() || b"T.Z".contains(&b))
}

/// The time that a folder's name says.
fn begun(id: &str) -> Option<Timestamp> {
    let [date, time] = [id.get(..8)?, id.get(9..19)?];
    let [year, month, day] = [date.get(..4)?, date.get(4..6)?, date.get(6..)?];
    let [hour, minute, second] = [time.get(..2)?, time.get(2..4)?, time.get(4..)?];
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    text.parse().ok()
}

/// Removes runs that are too old, and as far as there are too many first those
/// without a log, then the oldest; never one at work.
fn sweep(runs: &Path, keep: Keep) {
    let mut all = KeptRun::all(runs).unwrap_or_default();
    all.reverse();
    // Who has nothing to do comes often, and what failed is looked for for long.
    all.sort_by_key(|run| run.logs().is_ok_and(|logs| logs.is_empty()));
    let now = Timestamp::now().as_second();
    let oldest = i64::from(keep.runs_days).saturating_mul(24 * 60 * 60);
    let (mut kept, mut bytes): (usize, u64) = (0, 0);
    for run in &all {
        let whole = bytes.saturating_add(run.bytes());
        let is_old = |begun: Timestamp| now.saturating_sub(begun.as_second()) > oldest;
        let fits = kept + 1 < keep.runs.max(1)
            && whole <= keep.runs_mib.saturating_mul(1 << 20)
            && !run.begun().is_some_and(is_old);
        if fits {
            (kept, bytes) = (kept + 1, whole);
        } else if !run.is_running()
            && let Err(error) = storage::remove_all(&run.path)
        {
            tracing::warn!("{} cannot be removed: {error}", run.path.display());
        }
    }
}

#[cfg(test)]
#[path = "run_folder_tests.rs"]
mod tests;
