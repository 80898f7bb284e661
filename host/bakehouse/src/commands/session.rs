//! The global options, made usable for every command.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::error::chain;
use bakehouse_core::progress::{Event, Reporter};

use super::text::outdated;
use crate::ci::{self, annotation, command};
use crate::cli::{AppSelection, Cli, Rebuild};
use crate::config::{Overrides, Project};
use crate::context::Context;
use crate::failure::{ExitCode, exit_code, hint};
use crate::pipeline::destination::Destination;
use crate::pipeline::plan::Plan;
use crate::printer::{self, Printer};
use crate::reporters;

/// The global options, made usable.
pub struct Session {
    pub(super) printer: Printer,
    pub(super) reporter: Arc<dyn Reporter>,
    pub(super) overrides: Overrides,
    root: Option<PathBuf>,
}

impl Session {
    /// A session for this command line.
    #[must_use]
    pub fn new(cli: &Cli) -> Self {
        let global = &cli.global;
        Self {
            printer: Printer::new(global.quiet),
            reporter: reporters::choose(global.quiet, global.verbose, !global.no_progress),
            overrides: Overrides {
                given: cli.given,
                ..global.overrides()
            },
            root: global.root.clone(),
        }
    }

    /// Tells why the command failed, quiet or not.
    pub fn failure(&self, error: &anyhow::Error) {
        self.tell(None, error);
    }

    /// Tells why some apps were left out, and gives the exit code for that.
    pub(super) fn failures(&self, failed: &[(String, anyhow::Error)]) -> ExitCode {
        for (app, error) in failed {
            self.tell(Some(app), error);
        }
        ExitCode::common(failed.iter().map(|(_, error)| exit_code(error)))
    }

    fn tell(&self, app: Option<&str>, error: &anyhow::Error) {
        self.problem(app, &chain(error.as_ref()), hint(error).as_deref());
    }

    /// Tells one problem, quiet or not: in a GitHub Actions job as an annotation
    /// of the line that it is about.
    pub(super) fn problem(&self, app: Option<&str>, message: &str, hint: Option<&str>) {
        if !ci::on_github() {
            return self.printer.problem(message, hint);
        }
        let project = self.project().ok();
        let at = project.and_then(|project| annotation::locate(project.root(), app, message));
        let whole = match hint {
            Some(hint) => format!("{message}\nhint: {hint}"),
            None => message.to_owned(),
        };
        printer::tell(&command::error(at.as_ref(), app, &whole));
    }

    /// Tells that published images were made by other recipes.
    pub(super) fn tell_outdated(&self, plan: &Plan) {
        if let Some(line) = outdated(plan) {
            self.printer.talk(&line);
        }
    }

    /// Tells where images go, and what said so.
    pub(super) fn destination(&self, context: &Context) {
        let destination = Destination::new(&context.settings, context.registry.endpoint());
        self.reporter.report(Event::Stage {
            name: "destination",
            detail: &destination.to_string(),
        });
    }

    /// The project.
    pub(super) fn project(&self) -> Result<Project> {
        Project::open(self.root.as_deref())
    }

    /// The context, with what one command adds to the global options.
    pub(super) async fn context(&self, change: impl FnOnce(&mut Overrides)) -> Result<Context> {
        let mut overrides = self.overrides.clone();
        change(&mut overrides);
        Context::open(self.project()?, &overrides, Arc::clone(&self.reporter)).await
    }
}

impl AppSelection {
    /// Puts the selection into the overrides.
    pub(super) fn apply(&self, overrides: &mut Overrides) {
        overrides.platforms.clone_from(&self.platforms);
        overrides.partial = self.partial;
        overrides.max_versions = self.max_versions;
    }
}

impl Rebuild {
    /// Puts it into the overrides.
    pub(super) const fn apply(self, overrides: &mut Overrides) {
        overrides.rebuild = self.rebuild;
    }
}
