//! The contract version of a component, read before it is instantiated.

use bakehouse_core::error::{ExitCode, Failure};
use wasmtime::Engine;
use wasmtime::component::Component;

/// The WIT package.
const PACKAGE: &str = "bakehouse:recipe/";
/// The contract versions that this host speaks: every 0.1.x.
const SPOKEN: &str = "0.1";
/// Interfaces that a recipe of this contract may import.
const INTERFACES: &[&str] = &[
    "types", "release", "registry", "fetch", "buildx", "log", "options",
];

/// Checks imports and exports against what this host has.
pub(super) fn check(app: &str, engine: &Engine, component: &Component) -> Result<(), Failure> {
    let kind = component.component_type();
    let imports: Vec<&str> = kind.imports(engine).map(|(name, _)| name).collect();
    let exports: Vec<&str> = kind.exports(engine).map(|(name, _)| name).collect();
    check_names(app, &imports, &exports)
}

/// Whether a recipe's functions have other types than this host's: it was made
/// from other files of the same contract version.
pub(super) fn is_misfit(error: &wasmtime::Error) -> bool {
    // wasmtime's own words; there is no type for it.
    format!("{error:#}").contains("failed to convert function to given type")
}

/// What is said of such a recipe.
pub(super) fn misfit(app: &str, why: &str) -> Failure {
    Failure::new(
        ExitCode::Recipe,
        format!("recipe {app} does not fit this host's contract: {why}"),
    )
    .hint(format!("rebuild it: just build-plugin {app}"))
}

fn check_names(app: &str, imports: &[&str], exports: &[&str]) -> Result<(), Failure> {
    let recipe = exports
        .iter()
        .find(|name| interface(name).is_some_and(|(interface, _)| interface == "recipe"));
    for name in imports.iter().chain(recipe) {
        if let Some((_, version)) = interface(name)
            && !spoken(version)
        {
            return Err(Failure::new(
                    ExitCode::Recipe,
                    format!(
                        "recipe {app} needs bakehouse:recipe {}, this host speaks {SPOKEN}",
                        version.unwrap_or("without a version")
                    ),
                )
                .hint("rebuild the recipe with the bakehouse-sdk of this host, or use a host of that version"));
        }
    }
    if recipe.is_none() {
        return Err(Failure::new(
            ExitCode::Recipe,
            format!("recipe {app} does not export bakehouse:recipe/recipe"),
        )
        .hint("a recipe calls bakehouse_sdk::export!, see docs/writing-a-recipe.md"));
    }
    let unknown: Vec<&str> = imports
        .iter()
        .filter(|name| match interface(name) {
            Some((interface, _)) => !INTERFACES.contains(&interface),
            None => !name.starts_with("wasi:"),
        })
        .copied()
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        ExitCode::Recipe,
        format!(
            "recipe {app} imports what this host does not have: {}",
            unknown.join(", ")
        ),
    )
    .hint("a recipe may import bakehouse:recipe and WASI 0.2 only"))
}

/// `recipe` and `0.1.0` of `bakehouse:recipe/recipe@0.1.0`.
fn interface(name: &str) -> Option<(&str, Option<&str>)> {
    let rest = name.strip_prefix(PACKAGE)?;
    Some(match rest.split_once('@') {
        Some((interface, version)) => (interface, Some(version)),
        None => (rest, None),
    })
}

fn spoken(version: Option<&str>) -> bool {
    version
        .and_then(|version| semver::Version::parse(version).ok())
        .is_some_and(|version| format!("{}.{}", version.major, version.minor) == SPOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_versions_and_imports_are_named() {
        let ours = "bakehouse:recipe/recipe@0.1.0";
        assert!(
            check_names(
                "x",
                &["wasi:io/poll@0.2.6", "bakehouse:recipe/log@0.1.3"],
                &[ours]
            )
            .is_ok()
        );
        let message = |imports: &[&str], exports: &[&str]| {
            check_names("x", imports, exports).unwrap_err().to_string()
        };
        assert_eq!(
            message(&[], &["bakehouse:recipe/recipe@0.3.0"]),
            "recipe x needs bakehouse:recipe 0.3.0, this host speaks 0.1"
        );
        assert!(
            message(&["bakehouse:recipe/log@1.0.0"], &[ours])
                .contains("needs bakehouse:recipe 1.0.0")
        );
        assert!(message(&["env:x/y"], &[ours]).contains("does not have: env:x/y"));
        assert!(message(&[], &["run"]).contains("does not export"));
    }
}
