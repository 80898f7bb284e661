//! `bakehouse:recipe/log`: `log`.

use crate::plugin::bindings::bakehouse::recipe::log::{Host, Level};
use crate::plugin::state::{LOG_LIMIT, State};
use crate::progress::Event;

impl Host for State {
    async fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let message = crate::buildx::clean(&message);
        let (recipe, subject) = (&self.app, self.subject());
        let before = self.logged;
        self.logged += message.len() + 1;
        if self.logged > LOG_LIMIT {
            if before <= LOG_LIMIT {
                tracing::warn!(%recipe, %subject, "it logs more than {LOG_LIMIT} bytes, the rest is dropped");
            }
            self.logged = LOG_LIMIT + 1;
            return Ok(());
        }
        match level {
            Level::Debug => tracing::debug!(%recipe, %subject, "{message}"),
            Level::Info => tracing::info!(%recipe, %subject, "{message}"),
            Level::Warn => tracing::warn!(%recipe, %subject, "{message}"),
        }
        if let (Some(prepare), Level::Info) = (&self.call.prepare, level) {
            self.services.reporter.report(Event::TargetStep {
                target: &prepare.target,
                step: &message,
            });
        }
        Ok(())
    }
}
