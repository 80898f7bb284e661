//! One event a line, as JSON.

use bakehouse_core::progress::{Event, Reporter};

use crate::printer;

/// Writes events to stderr.
#[derive(Debug, Clone, Copy)]
pub struct Json;

impl Reporter for Json {
    fn report(&self, event: Event<'_>) {
        printer::tell_event(event);
    }
}
