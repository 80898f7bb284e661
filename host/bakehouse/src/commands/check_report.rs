//! The result of `bakehouse recipe check`, as data.

use bakehouse_core::grants::{Asked, Kind};
use serde::Serialize;

use crate::pipeline::rehearsal::Rehearsal;

/// A recipe's requests for grants, in the JSON output; `schema` 1.
#[derive(Debug, Serialize)]
pub(super) struct RecipeCheck {
    pub(super) schema: u32,
    pub(super) app: String,
    pub(super) recipe: String,
    pub(super) asks: Vec<Asked>,
    pub(super) unused: Vec<Unused>,
    /// The rehearsal; none where something is missing, or nothing was to be
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
