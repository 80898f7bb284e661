//! The contract, in each version that this host speaks.
//!
//! A version is a file beside this one, which turns its generated bindings into
//! the host's own records, and its imports into calls of the one host function
//! (`host/`). What a recipe may do, and what it may answer, is decided below all of
//! them. Which version a component is for is read before it is instantiated.

mod alike;
mod v0_1;
mod v0_2;

use bakehouse_core::check::Check;
use bakehouse_core::options::OptionDeclaration;
use bakehouse_core::platform::PlatformError;
use bakehouse_core::recipe::{App, Base, Build, CallError, Checkout, Target, Version};
use wasmtime::component::{Component, Instance, InstancePre, Linker};
use wasmtime::{Engine, Store};

use super::state::State;

/// The WIT package.
const PACKAGE: &str = "bakehouse:recipe/";
/// The versions of the contract that this host speaks, each with all its patches,
/// oldest first.
static SPOKEN: [Spoken; 2] = [v0_1::SPOKEN, v0_2::SPOKEN];
/// Interfaces that a recipe may import, in every version.
const INTERFACES: &[&str] = &[
    "types", "release", "registry", "fetch", "buildx", "log", "options",
];

/// A version of the contract.
pub(super) struct Spoken {
    major: u64,
    minor: u64,
    add: fn(&mut Linker<State>) -> wasmtime::Result<()>,
    find: fn(&InstancePre<State>) -> wasmtime::Result<Box<dyn Exports>>,
}

/// The exports of a component that has the functions of a recipe.
pub(super) trait Exports: Send + Sync {
    /// The functions of one instance.
    ///
    /// # Errors
    /// Where they have other types.
    fn load(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Box<dyn Guest>>;
}

/// The result of a call: a trap, the recipe's error, a platform in its answer that
/// is none, or the answer.
pub(super) type Answer<T> = wasmtime::Result<Result<Result<T, PlatformError>, CallError>>;

/// The functions of a recipe in an instance.
#[async_trait::async_trait]
pub(super) trait Guest: Send + Sync {
    /// None: its contract has no declarations, and options are texts.
    async fn options(&self, store: &mut Store<State>) -> Answer<Option<Vec<OptionDeclaration>>>;
    async fn describe(&self, store: &mut Store<State>) -> Answer<App>;
    async fn versions(&self, store: &mut Store<State>, limit: u32) -> Answer<Vec<Given>>;
    async fn matrix(&self, store: &mut Store<State>, version: &Version) -> Answer<Vec<Target>>;
    async fn prepare(&self, store: &mut Store<State>, job: Job) -> Answer<Answered>;
}

/// A version as a recipe gives it.
pub(super) struct Given {
    /// The version; a date that is given and is none is left out.
    pub(super) version: Version,
    /// The date, as it was given.
    pub(super) said: Option<String>,
}

/// The question to `prepare`.
pub(super) struct Job {
    pub(super) version: Version,
    pub(super) target: Target,
    pub(super) bases: Vec<Base>,
    pub(super) checkout: Option<Checkout>,
}

/// The answer of `prepare`.
pub(super) struct Answered {
    pub(super) build: Build,
    pub(super) checks: Vec<Check>,
}

impl Spoken {
    /// Finds the functions of a recipe in a component of this version.
    ///
    /// # Errors
    /// Where they have other types.
    pub(super) fn find(&self, instance: &InstancePre<State>) -> wasmtime::Result<Box<dyn Exports>> {
        (self.find)(instance)
    }

    fn has(&self, version: &semver::Version) -> bool {
        (self.major, self.minor) == (version.major, version.minor)
    }
}

/// Adds the imports of every version.
///
/// # Errors
/// wasmtime's, where one is there already.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    SPOKEN.iter().try_for_each(|spoken| (spoken.add)(linker))
}

/// `0.1 and 0.2`.
fn spoken() -> String {
    let versions: Vec<_> = SPOKEN
        .iter()
        .map(|spoken| format!("{}.{}", spoken.major, spoken.minor))
        .collect();
    versions.join(" and ")
}

/// The reasons why a component is not called: it and this host do not have the same
/// contract.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// It is for a version of the contract that this host does not speak.
    #[error(
        "recipe {app} needs bakehouse:recipe {}; this program speaks {}",
        version.as_deref().unwrap_or("without a version"), spoken()
    )]
    Version {
        /// The app.
        app: String,
        /// The version, as the component has it; none: it names none.
        version: Option<String>,
        /// It is newer than all that this host speaks.
        newer: bool,
    },
    /// It speaks two versions at once.
    #[error("recipe {app} mixes two versions of bakehouse:recipe, {one} and {other}")]
    Mixed {
        /// The app.
        app: String,
        /// The version of its export.
        one: String,
        /// The version of an import.
        other: String,
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
        /// The types that are not the same.
        source: wasmtime::Error,
    },
}

/// The version of the contract that a component is for, if its imports and
/// exports are those of one that this host speaks.
pub(super) fn check(
    app: &str,
    engine: &Engine,
    component: &Component,
) -> Result<&'static Spoken, ContractError> {
    let kind = component.component_type();
    let imports: Vec<&str> = kind.imports(engine).map(|(name, _)| name).collect();
    let exports: Vec<&str> = kind.exports(engine).map(|(name, _)| name).collect();
    check_names(app, &imports, &exports)
}

/// The error for a linker's error and that of a look-up by type: they can mean
/// no other.
pub(super) fn misfit(app: &str, source: wasmtime::Error) -> ContractError {
    ContractError::Misfit {
        app: app.to_owned(),
        source,
    }
}

fn check_names(
    app: &str,
    imports: &[&str],
    exports: &[&str],
) -> Result<&'static Spoken, ContractError> {
    let recipe = exports
        .iter()
        .find(|name| interface(name).is_some_and(|(interface, _)| interface == "recipe"));
    let mut found: Option<(&'static Spoken, &str)> = None;
    for name in recipe.into_iter().chain(imports) {
        let Some((_, version)) = interface(name) else {
            continue;
        };
        let spoken = speaks(app, version)?;
        let version = version.unwrap_or_default();
        let (first, of) = *found.get_or_insert((spoken, version));
        if !std::ptr::eq(first, spoken) {
            return Err(ContractError::Mixed {
                app: app.to_owned(),
                one: of.to_owned(),
                other: version.to_owned(),
            });
        }
    }
    let (Some(_), Some((spoken, _))) = (recipe, found) else {
        return Err(ContractError::NoExport {
            app: app.to_owned(),
        });
    };
    let unknown = imports.iter().filter(|name| match interface(name) {
        Some((interface, _)) => !INTERFACES.contains(&interface),
        None => !name.starts_with("wasi:"),
    });
    let imports: Vec<String> = unknown.map(|name| (*name).to_owned()).collect();
    match imports.is_empty() {
        true => Ok(spoken),
        false => Err(ContractError::Imports {
            app: app.to_owned(),
            imports,
        }),
    }
}

/// The version of the contract that a name has.
fn speaks(app: &str, version: Option<&str>) -> Result<&'static Spoken, ContractError> {
    let parsed = version.and_then(|version| semver::Version::parse(version).ok());
    if let Some(parsed) = &parsed
        && let Some(spoken) = SPOKEN.iter().find(|spoken| spoken.has(parsed))
    {
        return Ok(spoken);
    }
    let newest = SPOKEN
        .iter()
        .map(|spoken| (spoken.major, spoken.minor))
        .max();
    Err(ContractError::Version {
        app: app.to_owned(),
        version: version.map(str::to_owned),
        newer: parsed.is_some_and(|version| Some((version.major, version.minor)) > newest),
    })
}

/// `recipe` and `0.1.0` of `bakehouse:recipe/recipe@0.1.0`.
fn interface(name: &str) -> Option<(&str, Option<&str>)> {
    let rest = name.strip_prefix(PACKAGE)?;
    Some(match rest.split_once('@') {
        Some((interface, version)) => (interface, Some(version)),
        None => (rest, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_versions_and_imports_are_named() {
        let ours = "bakehouse:recipe/recipe@0.1.0";
        let minor = |imports: &[&str], export: &str| {
            check_names("x", imports, &[export]).map(|spoken| spoken.minor)
        };
        let patched = ["wasi:io/poll@0.2.6", "bakehouse:recipe/log@0.1.3"];
        assert_eq!(minor(&patched, ours).unwrap(), 1);
        let newer = "bakehouse:recipe/recipe@0.2.0";
        assert_eq!(minor(&["bakehouse:recipe/fetch@0.2.1"], newer).unwrap(), 2);
        let message = |imports: &[&str], exports: &[&str]| {
            let failed = check_names("x", imports, exports).map(|_| ());
            failed.unwrap_err().to_string()
        };
        assert_eq!(
            message(&[], &["bakehouse:recipe/recipe@0.3.0"]),
            "recipe x needs bakehouse:recipe 0.3.0; this program speaks 0.1 and 0.2"
        );
        assert!(
            message(&["bakehouse:recipe/log@1.0.0"], &[ours])
                .contains("needs bakehouse:recipe 1.0.0")
        );
        assert_eq!(
            message(&["bakehouse:recipe/log@0.1.0"], &[newer]),
            "recipe x mixes two versions of bakehouse:recipe, 0.2.0 and 0.1.0"
        );
        assert!(message(&["env:x/y"], &[ours]).contains("does not have: env:x/y"));
        assert!(message(&[], &["run"]).contains("does not export"));
        let is_newer = |version: Option<&str>| match speaks("x", version) {
            Err(ContractError::Version { newer, .. }) => newer,
            _ => panic!("{version:?} is spoken"),
        };
        assert!(is_newer(Some("0.3.0")) && is_newer(Some("1.0.0")));
        assert!(!is_newer(Some("0.0.9")) && !is_newer(None) && !is_newer(Some("x")));
    }
}
