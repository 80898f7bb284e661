//! Policies made of a few lines, for tests.

#![allow(clippy::unwrap_used, reason = "tests end by panicking")]

use super::{Kind, Places, Policy};
use crate::recipe::Want;

fn want(kind: Kind, value: &str) -> Want {
    Want {
        kind,
        value: value.to_owned(),
        why: String::new(),
    }
}

/// A policy for app `x`; the recipe declares these wants.
///
/// # Panics
/// When the tables are no TOML.
#[must_use]
pub fn policy(grants: &str, allow: &str, wants: &[(Kind, &str)]) -> Policy {
    let app = format!("recipe = \"x\"\n\n[grants]\n{grants}");
    let project = format!("[allow]\n{allow}");
    Policy {
        wants: wants
            .iter()
            .map(|(kind, value)| want(*kind, value))
            .collect(),
        ..Policy::new(
            "x",
            (
                toml::from_str(grants).unwrap(),
                Places::find("apps/x/app.toml", &app, "grants"),
            ),
            (
                toml::from_str(allow).unwrap(),
                Places::find("bakehouse.toml", &project, "allow"),
            ),
        )
    }
}
