//! Errors of recipes: of their files, their calls and their answers.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use bakehouse_core::grants::Denied;
use bakehouse_core::options::OptionError;
use bakehouse_core::recipe::CallError;
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::quota::QuotaError;
use wasmtime::Error as WasmError;

use super::contract::ContractError;
use super::host::error::HostError;
use super::limits::Exceeded;
use super::validate::InvalidAnswer;
use super::validate_build::InvalidBuild;

/// The reasons why a recipe is not loaded, or why a call of it has no result.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// There is no file where the recipe should be.
    #[error("there is no recipe for {app} at {}", path.display())]
    Absent {
        /// The app.
        app: String,
        /// The path at which it was looked for.
        path: PathBuf,
        /// The error that opening it ended with.
        source: io::Error,
    },
    /// The file that is there is not a component.
    #[error("recipe {app} ({}) is not a wasm component: {why}", path.display())]
    NotComponent {
        /// The app.
        app: String,
        /// The file.
        path: PathBuf,
        /// The thing that it is instead.
        #[source]
        why: NotComponent,
    },
    /// It orders its versions as this host cannot.
    #[error(
        "recipe {app} orders its versions as it lists them; this program orders versions by their numbers alone"
    )]
    Listed {
        /// The app.
        app: String,
    },
    /// App.toml does not fit the options that it declares.
    #[error(transparent)]
    Options(#[from] Box<OptionError>),
    /// The recipe makes no app of its options.
    #[error("app {app}: {why}")]
    Unfit {
        /// The app.
        app: String,
        /// The recipe's sentence.
        why: String,
    },
    /// It was made for another contract than this host has.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// It ended in the middle of a call, by its own doing or for going over a limit.
    #[error("recipe {} crashed in {} ({}): {why}", at.app, at.function, at.subject)]
    Crashed {
        /// The call.
        at: CallSite,
        /// The way in which it ended.
        #[source]
        why: Crash,
    },
    /// It filled its work tree with more than that may hold.
    #[error("{}: {source}", at.subject)]
    WorkTree {
        /// The call.
        at: CallSite,
        /// The amount that went over its limit.
        source: QuotaError,
    },
    /// It answered with an error.
    #[error("{}: {error}", at.subject)]
    Answered {
        /// The call.
        at: CallSite,
        /// Its answer.
        error: CallError,
        /// The last that a host function told it in this call, if it was of the same
        /// case: then this is what the recipe hands on.
        reported: Option<Box<HostError>>,
    },
    /// It answered with what cannot be meant.
    #[error(transparent)]
    Invalid(#[from] InvalidAnswer),
    /// The build that it answered with is not built.
    #[error("{}: {source}", at.subject)]
    Build {
        /// The call.
        at: CallSite,
        /// The fault of the build.
        source: Box<InvalidBuild>,
    },
    /// It is about what the app has no grant for.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The host could not do its part of the call.
    #[error("{}: {source}", at.subject)]
    Host {
        /// The call.
        at: CallSite,
        /// The failure of the host's function.
        source: Box<HostError>,
    },
    /// The local file system refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// wasmtime could not be set up.
    #[error("recipes cannot be run")]
    Engine(#[source] WasmError),
    /// A thread of the host's ended early.
    #[error("recipes cannot be run: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// A call of a recipe, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSite {
    /// The app.
    pub app: String,
    /// The recipe's function, or `start`.
    pub function: &'static str,
    /// The subject: `app`, `app version`, or the target.
    pub subject: String,
}

/// The things that a file can be that is not a component.
#[derive(Debug, thiserror::Error)]
pub enum NotComponent {
    /// No file of a size that recipes have.
    #[error("{0}")]
    File(#[source] io::Error),
    /// Something else than wasm.
    #[error("it is not wasm")]
    NotWasm,
    /// A module, which components are made from.
    #[error("it is a core module")]
    Module,
    /// Wasm that is not valid.
    #[error("it does not compile")]
    Compile(#[source] WasmError),
}

/// The ways in which a recipe can end without an answer.
#[derive(Debug, thiserror::Error)]
pub enum Crash {
    /// It went over a limit.
    #[error(transparent)]
    Limit(#[from] Exceeded),
    /// It panicked; what it printed of that.
    #[error("{0}")]
    Panic(String),
    /// It trapped.
    #[error(transparent)]
    Trap(Trap),
}

/// The cause of a trap, without wasmtime's account of where it was.
#[derive(Debug)]
pub struct Trap(pub(super) WasmError);

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0.root_cause(), f)
    }
}

impl Error for Trap {}
