//! The number of the schema that a document has.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Number of the schema of all JSON that the program hands out. Documents grow by
/// adding fields, and kinds of events; a field that changes its meaning, or goes,
/// makes it 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct SchemaNumber(u32);

impl SchemaNumber {
    /// That of this program.
    pub const NOW: Self = Self(1);

    /// The reason why this program cannot read a document of this number; none where
    /// it can.
    #[must_use]
    pub fn fault(self) -> Option<String> {
        (self != Self::NOW).then(|| format!("schema {self}, expected {}", Self::NOW))
    }
}

impl Default for SchemaNumber {
    fn default() -> Self {
        Self::NOW
    }
}

impl fmt::Display for SchemaNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
