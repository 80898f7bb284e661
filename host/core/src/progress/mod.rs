//! Progress of the pipeline: what happens, as events, and who is told of them.
//!
//! There is one type of events for all of it. What is drawn on a terminal, printed
//! line by line, written as JSON and kept in a run's timeline are four views of
//! the same.

mod event;
mod looking;
mod queued_target;
mod reporter;

pub use event::Event;
pub use looking::Looking;
pub use queued_target::QueuedTarget;
pub use reporter::{Reporter, Silent};
