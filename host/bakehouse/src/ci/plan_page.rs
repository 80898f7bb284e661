//! A plan as a page of a summary.

use serde::Serialize;

use super::markdown;
use super::summary::Page;
use crate::pipeline::plan::Plan;

/// What is missing, and how many jobs it takes.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PlanPage<'a> {
    plan: &'a Plan,
    #[serde(skip)]
    failed: usize,
}

impl<'a> PlanPage<'a> {
    /// The page of a plan, in which `failed` apps and versions are not, since
    /// they could not be looked at.
    #[must_use]
    pub const fn new(plan: &'a Plan, failed: usize) -> Self {
        Self { plan, failed }
    }
}

impl Page for PlanPage<'_> {
    fn markdown(&self) -> String {
        markdown::plan(self.plan, self.failed)
    }
}
