//! What every command starts from.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use crate::cli::{Cli, Selection};
use crate::config::{Overrides, Project};
use crate::context::Context;
use crate::printer::Printer;
use crate::progress::Reporter;
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
            overrides: global.overrides(),
            root: global.root.clone(),
        }
    }

    /// Where this session prints.
    #[must_use]
    pub const fn printer(&self) -> Printer {
        self.printer
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

impl Selection {
    /// Puts the selection into the overrides.
    pub(super) fn apply(&self, overrides: &mut Overrides) {
        overrides.platforms.clone_from(&self.platforms);
        overrides.max_versions = self.max_versions;
    }
}
