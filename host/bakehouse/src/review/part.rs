//! The part of a review that one machine builds.

use std::fmt;

use bakehouse_core::target::TargetId;
use serde::{Deserialize, Serialize};

use crate::pipeline::failure_record::FailureRecord;
use crate::schema::SchemaNumber;

/// The ends of some targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Number of the schema.
    pub schema: SchemaNumber,
    /// Targets, in the order they ended.
    pub targets: Vec<Tried>,
    /// The failures among them.
    pub failures: Vec<FailureRecord>,
}

impl Part {
    /// One of which nothing is built yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            schema: SchemaNumber::NOW,
            targets: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// One that came to nothing.
    #[must_use]
    pub fn failed(error: &anyhow::Error) -> Self {
        Self {
            failures: vec![FailureRecord::new(error)],
            ..Self::new()
        }
    }
}

impl Default for Part {
    fn default() -> Self {
        Self::new()
    }
}

/// One target, built and run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// The target.
    #[serde(flatten)]
    pub id: TargetId,
    /// Digest of its image; none where it was not built.
    pub digest: Option<String>,
    /// Bytes to download: configuration and compressed layers.
    pub size: Option<u64>,
    /// Seconds that its build took.
    pub seconds: f64,
    /// Its run; none where it was not built, or is not published.
    pub ran: Option<Ran>,
    /// Warnings of its recipe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The end of an image's run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Ran {
    /// It ended well with the arguments that its app gives.
    Well {
        /// The arguments, and the first line that it printed.
        said: String,
    },
    /// It starts. No arguments are given for it, so how it goes on is not judged.
    Starts {
        /// Its further course.
        said: String,
    },
    /// It was not run.
    Not {
        /// The reason.
        why: String,
    },
    /// It does not run.
    Failed {
        /// Its end.
        said: String,
    },
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Well { said } => write!(f, "runs: {said}"),
            Self::Starts { said } => write!(f, "starts: {said}"),
            Self::Not { why } => write!(f, "not run: {why}"),
            Self::Failed { said } => write!(f, "FAILS: {said}"),
        }
    }
}
