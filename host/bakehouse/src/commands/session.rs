//! The global options, made usable for every command.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use bakehouse_core::progress::{Event, Reporter};

use super::ending::{self, Conclusion, Kind};
use super::text::outdated;
use crate::ci::{self, annotation, command};
use crate::cli::{AppSelection, Cli, Command, Rebuild};
use crate::config::{Overrides, Project};
use crate::context::Context;
use crate::failure::ExitCode;
use crate::pipeline::alarm::{self, Alarm};
use crate::pipeline::causes::{Cause, causes};
use crate::pipeline::destination::Destination;
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::plan::Plan;
use crate::printer::{self, Printer};
use crate::reporters::{self, Progress, Recorded};
use crate::told_cause::ToldCause;

/// The global options, made usable.
pub struct Session {
    pub(super) printer: Printer,
    pub(super) reporter: Arc<Recorded>,
    pub(super) overrides: Overrides,
    pub(super) root: Option<PathBuf>,
    /// Variables of the environment that decide something.
    variables: Vec<String>,
    /// Serving has no end of its own.
    serves: bool,
    conclusion: OnceLock<Conclusion>,
    stopped: AtomicBool,
}

impl Session {
    /// A session for this command line.
    #[must_use]
    pub fn new(cli: &Cli) -> Self {
        let global = &cli.global;
        let shown = reporters::choose(global.quiet, global.verbose, global.progress());
        Self {
            printer: Printer::new(global.quiet, global.progress() == Progress::Json),
            reporter: Arc::new(Recorded::new(shown)),
            overrides: Overrides {
                given: cli.given,
                flags: cli.flags.clone(),
                ..global.overrides()
            },
            root: global.root.clone(),
            variables: cli.variables.clone(),
            serves: matches!(cli.command, Command::Serve(_)),
            conclusion: OnceLock::new(),
            stopped: AtomicBool::new(false),
        }
    }

    /// Begins what ends with a report, or a plan: refuses summaries that cannot be
    /// written.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn begin(&self, kind: Kind, summaries: &[PathBuf]) -> Result<&Conclusion> {
        let conclusion = self
            .conclusion
            .get_or_init(|| Conclusion::new(kind, summaries));
        conclusion.prepare()?;
        Ok(conclusion)
    }

    /// Ends the command with an error: tells what was done until then, and why
    /// not more, quiet or not.
    pub fn failed(&self, error: &anyhow::Error) -> ExitCode {
        self.reporter.close();
        let failure = FailureRecord::new(error);
        match self.conclusion.get().filter(|end| !end.is_told()) {
            Some(conclusion) => conclusion.cut_short(self, Some(failure)),
            None => {
                self.tell(&failure);
                failure.code
            }
        }
    }

    /// Ends the command after a signal of this name: tells what was done until
    /// then, and how to go on. The second time it tells nothing.
    pub fn stopped(&self, signal: &str) -> ExitCode {
        self.reporter.close();
        if self.serves || self.stopped.swap(true, Ordering::SeqCst) {
            return ExitCode::Interrupted;
        }
        let command = ending::command_line();
        self.printer.problem(
            &format!("stopped by {signal}"),
            &[("hint", &format!("to go on, run: {command}"))],
        );
        if let Some(conclusion) = self.conclusion.get() {
            conclusion.cut_short(self, None);
        }
        ExitCode::Interrupted
    }

    /// Tells that the command has ended.
    pub fn ended(&self, code: ExitCode) {
        self.reporter.close();
        self.reporter.report(Event::Ended { code: code.code() });
    }

    /// Tells why some apps or recipes were left out, and gives the exit code for
    /// that.
    pub(super) fn failures(&self, failed: &[(String, anyhow::Error)]) -> ExitCode {
        let failures = failed
            .iter()
            .map(|(name, error)| FailureRecord::new(error).of_app(name));
        ExitCode::common(failures.map(|failure| {
            self.tell(&failure);
            failure.code
        }))
    }

    /// Tells one problem, quiet or not: in a GitHub Actions job as an annotation
    /// of the line that it is about.
    pub(super) fn tell(&self, failure: &FailureRecord) {
        let all = std::slice::from_ref(failure);
        causes(all).iter().for_each(|cause| self.tell_cause(cause));
    }

    /// Tells each cause of these failures once, quiet or not.
    pub(super) fn tell_all(&self, failures: &[FailureRecord]) {
        causes(failures)
            .iter()
            .for_each(|cause| self.tell_cause(cause));
    }

    fn tell_cause(&self, cause: &Cause<'_>) {
        let told = ToldCause::of(cause);
        let more = told.more();
        if self.printer.is_json() || !ci::on_github() {
            return self.printer.problem(&told.message, &more);
        }
        let app = cause.first.app.as_deref();
        let project = self.project().ok();
        let at = project
            .and_then(|project| annotation::locate(project.root(), app, &cause.first.message));
        let mut whole = told.message.clone();
        for (label, more) in more {
            whole.push_str(&format!("\n{label}: {more}"));
        }
        printer::tell(&command::error(at.as_ref(), app, &whole));
    }

    /// Tells alarms, quiet or not.
    pub(super) fn tell_alarms(&self, alarms: &[Alarm]) {
        for alarm in alarms {
            let message = format!("{}; {}", alarm.message, alarm.hint);
            match ci::on_github() && !self.printer.is_json() {
                true => printer::tell(&command::warning(&message)),
                false => self.printer.alarm(&alarm.message, &alarm.hint),
            }
        }
    }

    /// Tells alarms, quiet or not, and gives the exit code of a command that ends
    /// with this one but for them.
    pub(super) fn alarmed(&self, code: ExitCode, alarms: &[Alarm]) -> ExitCode {
        self.tell_alarms(alarms);
        match code {
            ExitCode::Success => alarm::code(alarms),
            code => code,
        }
    }

    /// Tells that published images were made by other recipes.
    pub(super) fn tell_outdated(&self, plan: &Plan) {
        if let Some(line) = outdated(plan) {
            self.printer.talk(&line);
        }
    }

    /// Tells where images go, and what said so; and what else the environment says.
    /// The report has it from now on.
    pub(super) fn destination(&self, context: &Context) {
        let destination = Destination::new(&context.settings, context.registry.endpoint());
        self.reporter.report(Event::Stage {
            name: "destination",
            detail: &destination.to_string(),
        });
        if let Some(conclusion) = self.conclusion.get() {
            let ledger = conclusion.ledger();
            ledger.with(|report| report.destination = destination);
        }
        if !self.variables.is_empty() {
            self.reporter.report(Event::Stage {
                name: "environment",
                detail: &self.variables.join(", "),
            });
        }
    }

    /// The project.
    pub(super) fn project(&self) -> Result<Project> {
        Project::open(self.root.as_deref())
    }

    /// The context, with what one command adds to the global options.
    pub(super) async fn context(&self, change: impl FnOnce(&mut Overrides)) -> Result<Context> {
        let mut overrides = self.overrides.clone();
        change(&mut overrides);
        let reporter = Arc::clone(&self.reporter) as Arc<dyn Reporter>;
        Context::open(self.project()?, &overrides, reporter).await
    }
}

impl AppSelection {
    /// Puts the selection into the overrides.
    pub(super) fn apply(&self, overrides: &mut Overrides) {
        overrides.platforms.clone_from(&self.platforms);
        overrides.partial = self.partial;
        overrides.max_versions = self.max_versions;
        self.rebuild.apply(overrides);
    }
}

impl Rebuild {
    /// Puts it into the overrides.
    pub(super) const fn apply(self, overrides: &mut Overrides) {
        overrides.rebuild = self.rebuild;
    }
}
