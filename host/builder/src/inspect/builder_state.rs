//! The state of a builder that nobody started to ask it.

use crate::builder::Capabilities;

/// A builder, as far as it can be told without starting it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuilderState {
    /// Its capabilities; of one that does not run little is known.
    pub capabilities: Capabilities,
    /// One of its nodes runs.
    pub running: bool,
    /// The reason that it cannot be asked.
    pub error: Option<String>,
    /// Its nodes that do not answer, a sentence each.
    pub down: Vec<String>,
}
