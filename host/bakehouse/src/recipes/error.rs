//! Errors of a project's recipe crates.

use std::path::PathBuf;
use std::sync::Arc;

use bakehouse_core::storage_error::StorageError;

/// Why a crate makes no component.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CrateError {
    /// There is no crate.
    #[error("there is no crate {name}")]
    Missing {
        /// As it was named.
        name: String,
        /// Names of the crates in `plugins/`.
        there: Vec<String>,
    },
    /// There is no crate that makes a component.
    #[error("plugins/ has no crate that makes a component")]
    Nothing,
    /// It was never built, and is not now.
    #[error("{name} was not built, and {why}")]
    NotBuilt {
        /// The crate.
        name: String,
        /// Why it is not built now.
        why: Unbuilt,
    },
    /// A program that is needed cannot be run.
    #[error("{program} cannot be used: {said}")]
    Program {
        /// The program.
        program: &'static str,
        /// What the system said.
        said: String,
    },
    /// cargo cannot read its manifest.
    #[error("cargo cannot read {name}: {said}")]
    Unread {
        /// The crate.
        name: String,
        /// What cargo said.
        said: String,
    },
    /// Its manifest has no package.
    #[error("{name}/Cargo.toml has no [package]")]
    NoPackage {
        /// The crate.
        name: String,
    },
    /// The workspace that its folder is in does not have it.
    #[error("{name} is not a member of the workspace {}", workspace.display())]
    NotMember {
        /// The crate.
        name: String,
        /// The workspace's manifest.
        workspace: PathBuf,
    },
    /// It is no cdylib, which components are made from.
    #[error("{name} makes no component: it has no library of the type cdylib")]
    NoCdylib {
        /// The crate.
        name: String,
    },
    /// Several libraries would be written to one file.
    #[error("{name} and {} are libraries of one name, `{library}`: one would replace the other", other.display())]
    OneName {
        /// The crate.
        name: String,
        /// The manifest of the other one.
        other: PathBuf,
        /// The libraries' name.
        library: String,
    },
    /// The Rust on this machine cannot compile for the target.
    #[error("this Rust does not compile for {target}: {why}")]
    NoTarget {
        /// The target.
        target: &'static str,
        /// What was tried.
        why: String,
    },
    /// It does not compile.
    #[error("{name} does not compile{}", below(said))]
    Failed {
        /// The crate.
        name: String,
        /// The end of what cargo said; empty where it was shown already.
        said: String,
    },
    /// The local file system refused.
    #[error(transparent)]
    Storage(#[from] Arc<StorageError>),
}

fn below(said: &str) -> String {
    match said {
        "" => String::new(),
        said => format!(":\n{said}"),
    }
}

/// Why crates are left as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbuilt {
    /// `--locked`.
    #[error("--locked was given")]
    Locked,
    /// A CI job is not where recipes are compiled unasked.
    #[error("this is a CI job")]
    Ci,
    /// There is no cargo.
    #[error("there is no cargo on PATH")]
    NoCargo,
}
