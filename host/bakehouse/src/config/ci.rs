//! The `[ci]` table of `bakehouse.toml`.

use serde::Deserialize;

use crate::product::Product;

/// What CI jobs run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Ci {
    /// The release whose workflow publishes; none: the program's own.
    pub uses: Option<Product>,
}
