//! The result of `bakehouse recipe check`, as data.

use bakehouse_core::grants::{Asked, Kind};
use bakehouse_core::options::{OptionDeclaration, OptionValue};
use serde::Serialize;

use crate::pipeline::rehearsal::Rehearsal;
use crate::schema::SchemaNumber;

/// A recipe's requests, and what came of trying it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RecipeCheck {
    /// Number of the schema.
    pub(super) schema: SchemaNumber,
    /// The app.
    pub(super) app: String,
    /// The recipe's digest.
    pub(super) recipe: String,
    /// The things that it asks for.
    pub(super) asks: Vec<Asked>,
    /// Entries of app.toml that it asks nothing of.
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckedOption {
    #[serde(flatten)]
    pub(super) declared: OptionDeclaration,
    /// The value that the recipe is told; none where nothing says it.
    pub(super) value: Option<OptionValue>,
    /// app.toml says it.
    pub(super) set: bool,
}

/// An entry of app.toml that the recipe asks nothing of.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Unused {
    /// The key under `[grants]`.
    pub(super) kind: Kind,
    /// The entry.
    pub(super) entry: String,
    /// File and line.
    pub(super) place: String,
}
