//! The contract version of a component, read before it is instantiated.

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

/// Why a component is not called: it and this host do not have the same contract.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// It is for a version of the contract that this host does not speak.
    #[error(
        "recipe {app} needs bakehouse:recipe {}, this host speaks {SPOKEN}",
        version.as_deref().unwrap_or("without a version")
    )]
    Version {
        /// The app.
        app: String,
        /// The version, as the component has it; none: it names none.
        version: Option<String>,
    },
    /// It is no recipe.
    #[error("recipe {app} does not export bakehouse:recipe/recipe")]
    NoExport {
        /// The app.
        app: String,
    },
    /// It wants what this host does not have.
    #[error("recipe {app} imports what this host does not have: {}", imports.join(", "))]
    Imports {
        /// The app.
        app: String,
        /// Names of interfaces.
        imports: Vec<String>,
    },
    /// Its functions have other types than this host's: it was made from other
    /// files of the same contract version.
    #[error("recipe {app} does not fit this host's contract")]
    Misfit {
        /// The app.
        app: String,
        /// Which types are not the same.
        source: wasmtime::Error,
    },
}

/// Checks imports and exports against what this host has.
pub(super) fn check(
    app: &str,
    engine: &Engine,
    component: &Component,
) -> Result<(), ContractError> {
    let kind = component.component_type();
    let imports: Vec<&str> = kind.imports(engine).map(|(name, _)| name).collect();
    let exports: Vec<&str> = kind.exports(engine).map(|(name, _)| name).collect();
    check_names(app, &imports, &exports)
}

/// What a linker's error and that of a look-up by type mean: no other can be.
pub(super) fn misfit(app: &str, source: wasmtime::Error) -> ContractError {
    ContractError::Misfit {
        app: app.to_owned(),
        source,
    }
}

fn check_names(app: &str, imports: &[&str], exports: &[&str]) -> Result<(), ContractError> {
    let app = || app.to_owned();
    let recipe = exports
        .iter()
        .find(|name| interface(name).is_some_and(|(interface, _)| interface == "recipe"));
    for name in imports.iter().chain(recipe) {
        if let Some((_, version)) = interface(name)
            && !spoken(version)
        {
            return Err(ContractError::Version {
                app: app(),
                version: version.map(str::to_owned),
            });
        }
    }
    if recipe.is_none() {
        return Err(ContractError::NoExport { app: app() });
    }
    let unknown = imports.iter().filter(|name| match interface(name) {
        Some((interface, _)) => !INTERFACES.contains(&interface),
        None => !name.starts_with("wasi:"),
    });
    let imports: Vec<String> = unknown.map(|name| (*name).to_owned()).collect();
    match imports.is_empty() {
        true => Ok(()),
        false => Err(ContractError::Imports {
            app: app(),
            imports,
        }),
    }
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
