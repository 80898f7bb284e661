//! Recipes that are part of the program.
//!
//! They are components like any other, so what an app grants holds for them,
//! too. `build.rs` makes the table of what is in the folder `BAKEHOUSE_SHIPPED`
//! when the program is built.

include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// Names of all, sorted.
#[must_use]
pub fn names() -> Vec<&'static str> {
    SHIPPED.iter().map(|(name, _)| *name).collect()
}

/// The component of this name.
#[must_use]
pub fn component(name: &str) -> Option<&'static [u8]> {
    let found = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
    found.map(|(_, component)| *component)
}
