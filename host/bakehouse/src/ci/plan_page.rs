//! A plan as a page of a summary.

use serde::Serialize;

use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::plan::Plan;

/// The page of a plan: missing images, the jobs that they take, and what could
/// not be looked at. Its JSON is the plan's, with `failures`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlanPage<'a> {
    #[serde(flatten)]
    pub(super) plan: &'a Plan,
    /// Apps and versions that could not be looked at, and why.
    pub(super) failures: &'a [FailureRecord],
}

impl<'a> PlanPage<'a> {
    /// The page of a plan; `failures` are of apps and versions that are not in
    /// it, since they could not be looked at.
    #[must_use]
    pub const fn new(plan: &'a Plan, failures: &'a [FailureRecord]) -> Self {
        Self { plan, failures }
    }
}
