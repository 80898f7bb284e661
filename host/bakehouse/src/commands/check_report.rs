//! The result of `bakehouse recipe check`, as data.

use bakehouse_core::grants::{Asked, Kind};
use serde::Serialize;

use crate::pipeline::rehearsal::Rehearsal;

/// What a recipe asks for, in the JSON output; `schema` 1.
#[derive(Debug, Serialize)]
pub(super) struct RecipeCheck {
    pub(super) schema: u32,
    pub(super) app: String,
    pub(super) recipe: String,
    pub(super) asks: Vec<Asked>,
    pub(super) unused: Vec<Unused>,
    /// What was tried; none where something is missing, or nothing was to be
    /// reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tried: Option<Rehearsal>,
}

/// An entry of app.toml that the recipe asks nothing of.
#[derive(Debug, Serialize)]
pub(super) struct Unused {
    pub(super) kind: Kind,
    pub(super) entry: String,
    pub(super) place: String,
}
