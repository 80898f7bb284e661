//! Review of a change to a project, before it is merged: the apps that it touches,
//! what they are granted now, and their newest images, built and run.
//!
//! 1. `checkout`: what has changed, as git tells it;
//! 2. `touched`: the apps that this is about, and why, as pure data;
//! 3. `grants`: what they may do now, and no longer;
//! 4. `published`: sizes of what the registry has of them;
//! 5. `build`: their images, into a registry that ends with the command;
//! 6. `trial`: one run of each.
//!
//! Nothing is pushed anywhere, so nobody needs a secret for it.

mod build;
mod checkout;
mod engine_archive;
mod error;
mod grants;
pub mod handed;
mod page;
mod part;
mod published;
mod record;
mod touched;
mod trial;

pub use build::{build, newest};
pub use checkout::{Checkout, is_absent};
pub use error::ReviewError;
pub use grants::{Grant, GrantsChange, compared};
pub use page::{ReviewPage, Row};
pub use part::{Part, Ran, Tried};
pub use published::{PublishedSizes, published};
pub use record::{Base, Review};
pub use touched::{Snapshot, State, TouchedApp, Why, bounded, is_recipe, touched};
