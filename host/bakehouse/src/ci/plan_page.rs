//! A plan as a page of a summary.

use serde::Serialize;

use crate::pipeline::plan::Plan;

/// The page of a plan: missing images, and the jobs that they take.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PlanPage<'a> {
    pub(super) plan: &'a Plan,
    #[serde(skip)]
    pub(super) failed: usize,
}

impl<'a> PlanPage<'a> {
    /// The page of a plan, in which `failed` apps and versions are not, since
    /// they could not be looked at.
    #[must_use]
    pub const fn new(plan: &'a Plan, failed: usize) -> Self {
        Self { plan, failed }
    }
}
