//! Recipes of a project: those that the program ships, and the crates in
//! `plugins/`, which cargo compiles.
//!
//! A crate's component is kept as `.bakehouse/recipes/NAME.wasm`, with a list of
//! what it was made from. It is made anew where something of that is newer
//! ([`refresh`]), or when somebody says so ([`build`]).

mod build;
mod cargo_build;
mod error;
mod kept;
mod metadata;
mod recipe_crate;
mod refresh;
pub mod shipped;
mod wasm_toolchain;

pub use build::{BuildOptions, Built, build};
pub use error::{CrateError, Unbuilt};
pub use kept::is_stale;
pub use recipe_crate::RecipeCrate;
pub use refresh::{Recipes, in_ci, refresh};
