//! The ending of a command, whatever ends it: its report is printed, its
//! summaries are written, and its run's folder has the report.
//!
//! What a command does is in a ledger, so that an error or a signal finds there
//! what was done until then.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use bakehouse_core::error::chain;
use bakehouse_core::progress::{Event, Reporter as _};
use bakehouse_core::storage_error::StorageError;
use bakehouse_registry::Registry;
use futures_util::StreamExt as _;
use futures_util::future::ready;

use super::Session;
use super::report_text::report_page;
use crate::ci::{self, Page, PlanPage};
use crate::cli::Format;
use crate::context::Context;
use crate::failure::{ExitCode, exit_code};
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::ledger::Ledger;
use crate::pipeline::plan::Plan;
use crate::pipeline::report::{Ending, Report};
use crate::pipeline::run_folder::RunFolder;
use crate::pipeline::times::Times;
use crate::text::shell;

/// What a command leaves behind at its end.
pub(super) struct Conclusion {
    kind: Kind,
    summaries: Vec<PathBuf>,
    ledger: Ledger,
    registry: OnceLock<Registry>,
    /// The file that tells how long targets took.
    times: OnceLock<PathBuf>,
    /// The ending has been told, or is being told.
    told: AtomicBool,
}

/// What is told at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A report, printed like this.
    Report(Format),
    /// A plan, which the command prints itself.
    Plan,
}

impl Kind {
    /// That of a command which a dry run makes a plan of.
    pub(super) const fn of(format: Format, dry_run: bool) -> Self {
        if dry_run {
            Self::Plan
        } else {
            Self::Report(format)
        }
    }
}

impl Conclusion {
    pub(super) fn new(kind: Kind, summaries: &[PathBuf]) -> Self {
        Self {
            kind,
            summaries: summaries.to_vec(),
            ledger: Ledger::new(command_line()),
            registry: OnceLock::new(),
            times: OnceLock::new(),
            told: AtomicBool::new(false),
        }
    }

    /// Refuses summaries that cannot be written, before there is any work; what
    /// they said of an earlier run they say no more.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn prepare(&self) -> Result<(), StorageError> {
        let begun = Report::default();
        for path in &self.summaries {
            match self.kind {
                Kind::Report(_) => ci::prepare(&begun, path)?,
                Kind::Plan => ci::prepare(&PlanPage::new(&Plan::default(), &[]), path)?,
            }
        }
        Ok(())
    }

    /// What was done.
    pub(super) const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Gives the run a folder for its logs and its report. Where that cannot be
    /// made, the run goes on without.
    pub(super) fn keep(&self, session: &Session, context: &Context) {
        let _ = self.registry.set(context.registry.clone());
        let project = &context.project;
        let _ = self.times.set(project.times());
        let kept = RunFolder::create(&project.runs(), project.file().keep).and_then(|folder| {
            let folder = Arc::new(folder);
            session.reporter.write_to(Arc::clone(&folder));
            self.ledger.keep_in(project.root(), folder)
        });
        if let Err(error) = kept {
            session.reporter.report(Event::Warning {
                message: &format!("this run keeps no logs: {error}"),
            });
        }
    }

    /// The ending of a command that came to its own: everything that it failed
    /// at, and every alarm, is in the ledger.
    pub(super) async fn finish(&self, session: &Session, context: &Context) -> ExitCode {
        if !self.summaries.is_empty() {
            self.sizes(context).await;
        }
        let (failed, code) = self.ledger.with(|report| (report.failed(), report.code()));
        self.tell(session, Ending::of(failed), code)
    }

    /// The ending of a plan that came to its own.
    pub(super) fn finish_plan(&self, session: &Session, plan: &Plan) -> ExitCode {
        match self.told.swap(true, Ordering::SeqCst) {
            true => ExitCode::Success,
            false => self.tell_plan(session, plan),
        }
    }

    /// The ending by an error, or by a signal: tells what was done until then.
    pub(super) fn cut_short(&self, session: &Session, failure: Option<FailureRecord>) -> ExitCode {
        let (ending, code) = match &failure {
            Some(failure) => (Ending::Failed, failure.code),
            None => (Ending::Stopped, ExitCode::Interrupted),
        };
        self.ledger.with(|report| report.failures.extend(failure));
        if self.kind == Kind::Plan {
            self.finish_plan(session, &Plan::default());
            return code;
        }
        self.tell(session, ending, code)
    }

    /// Whether all of it is told.
    pub(super) fn is_told(&self) -> bool {
        self.told.load(Ordering::SeqCst)
    }

    fn tell(&self, session: &Session, ending: Ending, code: ExitCode) -> ExitCode {
        if self.told.swap(true, Ordering::SeqCst) {
            return code;
        }
        let Kind::Report(format) = self.kind else {
            return code;
        };
        session.reporter.close();
        let (mut report, code) = self.close(ending, code);
        // The result comes last: it is what is read first.
        session.tell_all(&report.failures);
        session.tell_alarms(&report.alarms);
        let shown = match format {
            Format::Json => session.printer.json(&report),
            Format::Text if !report.is_planned => Ok(()),
            Format::Text => {
                if ending == Ending::Stopped {
                    // Who was stopped has been told how to go on.
                    report.next = None;
                }
                let page = session.printer.new_page();
                let page = report_page(page, &report, self.ledger.logs().as_deref());
                session.printer.outcome(&page);
                Ok(())
            }
        };
        if let Err(error) = shown {
            session.tell(&FailureRecord::new(&error.into()));
            return ExitCode::Internal;
        }
        code
    }

    /// The report at the end, in all its files.
    fn close(&self, ending: Ending, code: ExitCode) -> (Report, ExitCode) {
        self.ledger.with(|report| {
            if let Some(registry) = self.registry.get() {
                report.retries = registry.retries();
            }
            self.remember(report);
        });
        let mut report = self.ledger.close(ending, code);
        let mut lost: Vec<anyhow::Error> = write(&report, &self.summaries);
        lost.extend(self.ledger.save().err().map(anyhow::Error::from));
        let mut code = code;
        if let Some(error) = lost.first() {
            // Who asked for it has no report that says so.
            if ending == Ending::Done {
                code = exit_code(error);
            }
            self.ledger.with(|report| add(&mut report.failures, &lost));
            let ending = match ending {
                Ending::Done => Ending::Failed,
                other => other,
            };
            report = self.ledger.close(ending, code);
            // The others are told of it, as far as they can be.
            write(&report, &self.summaries);
            let _ = self.ledger.save();
        }
        (report, code)
    }

    /// Keeps how long targets took, for the estimates of the next run. They are a
    /// guess: that they cannot be kept is no failure.
    fn remember(&self, report: &Report) {
        let Some(path) = self.times.get() else {
            return;
        };
        let built = report.targets.iter().filter(|target| target.is_built());
        let took = built.map(|target| (&target.id, target.seconds.ceil() as u32));
        if let Err(error) = Times::remember(path, took) {
            tracing::warn!("times are not kept: {}", chain(&error));
        }
    }

    fn tell_plan(&self, session: &Session, plan: &Plan) -> ExitCode {
        let mut failures = self.ledger.with(|report| report.failures.clone());
        let lost = write(&PlanPage::new(plan, &failures), &self.summaries);
        add(&mut failures, &lost);
        session.tell_all(&failures);
        ExitCode::common(failures.iter().map(|failure| failure.code))
    }

    /// Download sizes of the report's images, as far as the registry tells them:
    /// a summary is not worth failing for.
    async fn sizes(&self, context: &Context) {
        let targets = self.ledger.with(|report| report.targets.clone());
        let unknown = targets.iter().enumerate().filter_map(|(place, target)| {
            let digest = target.digest.as_ref().filter(|_| target.size.is_none())?;
            Some((place, &target.id.image, digest))
        });
        let looks = unknown.map(|(place, image, digest)| async move {
            let sizes = context.registry.download_sizes(image, digest).await;
            let sizes = sizes.ok().filter(|sizes| !sizes.is_empty())?;
            Some((place, sizes.into_values().sum()))
        });
        let sizes: Vec<(usize, u64)> = futures_util::stream::iter(looks)
            .buffered(context.registry.parallel())
            .filter_map(ready)
            .collect()
            .await;
        self.ledger.with(|report| {
            for (place, size) in sizes {
                if let Some(target) = report.targets.get_mut(place) {
                    target.size = Some(size);
                }
            }
        });
    }
}

/// Adds errors that are not there already.
fn add(failures: &mut Vec<FailureRecord>, errors: &[anyhow::Error]) {
    for failure in errors.iter().map(FailureRecord::new) {
        if !failures.contains(&failure) {
            failures.push(failure);
        }
    }
}

/// Writes all summaries; what could not be.
fn write(page: &impl Page, summaries: &[PathBuf]) -> Vec<anyhow::Error> {
    let written = summaries.iter().map(|path| ci::write(page, path));
    written.filter_map(Result::err).map(Into::into).collect()
}

/// The command line of this process, as a shell takes it.
pub(super) fn command_line() -> String {
    let arguments = std::env::args_os().skip(1);
    shell::command(arguments.map(|argument| argument.to_string_lossy().into_owned()))
}
