//! Targets that wait for their turn.

use serde::Serialize;

use crate::target::TargetId;

/// A target that is going to be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueuedTarget {
    /// The target.
    #[serde(flatten)]
    pub target: TargetId,
    /// Seconds that ones like it took before; none where none did.
    pub expected_seconds: Option<u32>,
}
