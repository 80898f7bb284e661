//! A plan as a page of a summary.

use serde::Serialize;

use super::markdown;
use super::summary::Page;
use crate::pipeline::plan::Plan;

/// What is missing, and how many jobs it takes.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PlanPage<'a>(pub &'a Plan);

impl Page for PlanPage<'_> {
    fn markdown(&self) -> String {
        markdown::plan(self.0)
    }
}
