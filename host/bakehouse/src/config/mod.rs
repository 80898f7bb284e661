//! Configuration: `bakehouse.toml`, `apps/<app>/app.toml`, environment, flags.

mod alarms;
mod app_file;
mod build_table;
mod builder_choice;
mod ci;
mod keep;
mod origin;
mod overrides;
mod parse;
mod project;
mod project_file;
mod recipe_reference;
mod runners;
mod scope;
mod settings;
mod user_folders;

#[cfg(test)]
pub(crate) mod docs_tests;
#[cfg(test)]
mod text_schemas;

pub use alarms::Alarms;
pub use app_file::{AppFile, SmokeRun, TagPolicy};
pub use build_table::BuildTable;
pub use builder_choice::BuilderChoice;
pub use ci::{Ci, Cron, Line, Program, PullRequests, SecretName, StatusPlace, Uses};
pub use keep::Keep;
pub use origin::{Given, Origin};
pub use overrides::Overrides;
pub use project::{FIRST_APP, Project};
pub use project_file::{CacheChoice, ProjectFile};
pub use recipe_reference::{RecipeReference, RecipeReferenceError};
pub use runners::Runners;
pub use scope::Scope;
pub use settings::{Origins, RegistryChoice, Settings, default_platforms};
pub use user_folders::{user_cache, user_data};
