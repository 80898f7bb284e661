//! Receivers of progress events. Only the program draws them; see `reporters`.

use super::Event;

/// Receives what happens during a run, from any task.
pub trait Reporter: Send + Sync {
    /// Called for every event, in the order things happen to one target.
    fn report(&self, event: Event<'_>);

    /// Called at the end, whatever it is: what is drawn is taken away.
    fn close(&self) {}
}

/// Reports nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn report(&self, _event: Event<'_>) {}
}
