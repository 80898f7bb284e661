//! The result of `bakehouse recipe check`, as data.

use bakehouse_core::grants::{Asked, Kind};
use bakehouse_core::options::{OptionDeclaration, OptionValue};
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
    /// The options that it declares.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) options: Vec<CheckedOption>,
    /// The rehearsal; none where something is missing, or nothing was to be
    /// reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tried: Option<Rehearsal>,
}

/// An option, and what it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CheckedOption {
    #[serde(flatten)]
    pub(super) declared: OptionDeclaration,
    /// The value that the recipe is told; none where nothing says it.
    pub(super) value: Option<OptionValue>,
    /// app.toml says it.
    pub(super) set: bool,
}

/// An entry of app.toml that the recipe asks nothing of.
#[derive(Debug, Serialize)]
pub(super) struct Unused {
    pub(super) kind: Kind,
    pub(super) entry: String,
    pub(super) place: String,
}
