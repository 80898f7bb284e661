//! `bakehouse:recipe/log`: `log`.

use bakehouse_core::progress::Event;

use crate::state::{LOG_LIMIT, State};

/// The importance of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// For authors of the recipe.
    Debug,
    /// Worth a line in a verbose run.
    Info,
    /// Also in the run's report.
    Warn,
}

impl State {
    /// Takes a recipe's message, as far as it may say more.
    pub(crate) fn log_message(&mut self, level: Level, message: &str) {
        let before = self.logged;
        self.logged += message.len() + 1;
        if self.logged > LOG_LIMIT {
            if before <= LOG_LIMIT {
                let (recipe, subject) = (&self.app, self.subject());
                tracing::warn!(%recipe, %subject, "it logs more than {LOG_LIMIT} bytes, the rest is dropped");
            }
            self.logged = LOG_LIMIT + 1;
            return;
        }
        if let Level::Warn = level {
            let words: Vec<_> = message.split_whitespace().collect();
            self.warnings
                .push(bakehouse_system::terminal::clean(&words.join(" ")));
        }
        for line in message.lines() {
            self.log_line(level, &bakehouse_system::terminal::clean(line));
        }
    }

    fn log_line(&self, level: Level, line: &str) {
        let (recipe, subject) = (&self.app, self.subject());
        match level {
            Level::Debug => tracing::debug!(%recipe, %subject, "{line}"),
            Level::Info => tracing::info!(%recipe, %subject, "{line}"),
            Level::Warn => tracing::warn!(%recipe, %subject, "{line}"),
        }
        if let (Some(prepare), Level::Info) = (&self.call.prepare, level) {
            self.services.reporter.report(Event::TargetStep {
                target: &prepare.target,
                step: line,
            });
        }
    }
}
