//! Recipes: sandboxed wasm components.
//!
//! [`Runtime`] is the engine, once a process. [`Runtime::load`] compiles a
//! recipe and checks its contract; each call of the [`Recipe`] then gets a
//! fresh store with its own limits, thrown away afterwards. What a recipe asks
//! for goes through `host/`, one file per WIT interface, and
//! [`Policy`](bakehouse_core::grants::Policy) decides.

mod budget;
mod contract;
mod engine;
mod error;
mod host;
mod lazy;
mod limits;
mod load;
mod meter;
mod recipe;
mod services;
mod source;
mod state;
mod validate;
mod validate_build;
mod versions;
mod work_files;

pub use contract::ContractError;
pub use engine::Runtime;
pub use error::{CallSite, Crash, NotComponent, RecipeError, Trap};
pub use host::error::{HostError, Told};
pub use lazy::Lazy;
pub use limits::{Exceeded, Limits};
pub use load::recipe_digest;
pub use recipe::Recipe;
pub use services::Services;
pub use source::ComponentSource;
pub use validate::{Fault, InvalidAnswer};
pub use validate_build::InvalidBuild;
pub use versions::Versions;
