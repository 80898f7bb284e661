//! Ends of targets: in the registry, or not, and why.

use std::time::Duration;

use bakehouse_core::target::TargetId;
use bakehouse_upstream::git::Revision;
use oci_spec::image::Descriptor;
use serde::{Deserialize, Serialize};

use super::failure_record::FailureRecord;

/// The end of one target.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The target.
    pub target: TargetId,
    /// Its result.
    pub result: Result<Done, FailureRecord>,
    /// Wall time.
    pub elapsed: Duration,
}

/// Bytes of an image that was pushed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PushedBytes {
    /// Those that were sent.
    pub sent: u64,
    /// Those that the registry had.
    pub skipped: u64,
}

/// A target that is in the registry.
#[derive(Debug, Clone)]
pub struct Done {
    /// The image's descriptor, as an index refers to it.
    pub descriptor: Descriptor,
    /// It was there already, from an earlier run.
    pub reused: bool,
    /// Build steps.
    pub steps: usize,
    /// Of these, from the cache.
    pub cached: usize,
    /// Bytes of its configuration and its layers, where they are known.
    pub size: Option<u64>,
    /// The bytes of it that were pushed, where this program pushed it.
    pub pushed: Option<PushedBytes>,
    /// The commit it was built from, where that is known.
    pub revision: Option<Revision>,
    /// Digest of the recipe that made it, where that is known.
    pub recipe: Option<String>,
    /// The warnings of its recipe, where it was built now.
    pub warnings: Vec<String>,
    /// Its recipe asks for checks of the image, which nobody has run.
    pub unchecked: bool,
}
