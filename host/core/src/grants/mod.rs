//! Grants: places that a recipe and its builds may reach.
//!
//! Three parties have a say: the recipe declares what it needs ([`Want`]), the
//! app's `app.toml` grants it ([`Grants`]), and the operator's `bakehouse.toml`
//! may draw a narrower line for all apps ([`Allow`]). [`Policy`] holds all
//! three and decides: what one of them does not name is denied. Every host
//! function and every build asks it, whatever contract version a recipe has.

mod access;
mod denied;
mod image;
mod kind;
mod places;
mod policy;
mod table;

pub use access::Access;
pub use denied::Denied;
pub use image::ImageEntry;
pub use kind::Kind;
pub use places::Places;
pub use policy::{Asked, Missing, Policy, Want};
pub use table::{Allow, Grants};

#[cfg(any(test, feature = "test-util"))]
pub use policy::testing::policy as policy_for_tests;
