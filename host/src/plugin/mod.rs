//! Recipes: sandboxed wasm components.

pub mod grants;

pub use grants::Grants;
