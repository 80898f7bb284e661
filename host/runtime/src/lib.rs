//! Recipes: sandboxed wasm components.
//!
//! [`Runtime`] is the engine, once a process. [`Runtime::load`] compiles a
//! recipe and checks its contract; each call of the [`Recipe`] then gets a
//! fresh store with its own limits, thrown away afterwards. What a recipe asks
//! for goes through `host/`, one file per WIT interface, and
//! [`Policy`](bakehouse_core::grants::Policy) decides.

mod bindings;
mod budget;
mod contract;
mod convert;
mod engine;
mod host;
mod lazy;
mod limits;
mod load;
mod meter;
mod recipe;
mod services;
mod state;
mod validate;
mod validate_build;
mod versions;

pub use engine::Runtime;
pub use lazy::Lazy;
pub use limits::Limits;
pub use load::recipe_digest;
pub use recipe::Recipe;
pub use services::Services;
pub use versions::Versions;
