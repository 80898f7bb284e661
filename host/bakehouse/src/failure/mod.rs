//! Exit codes and hints: what an error means for who runs `bakehouse`.
//!
//! Each crate's errors say what failed. What to do about it, and the exit code
//! that stands for it, is decided here, in one file a crate.

mod builder;
mod ci;
mod core;
mod exit_code;
mod new;
mod recipes;
mod registry;
mod review;
mod runtime;
mod stated;
mod system;
mod up;
mod upstream;

use anyhow::Error;
use bakehouse_builder::engine::{EngineError, SmokeError};
use bakehouse_builder::{BuildError, BuilderError, DockerfileError};
use bakehouse_core::grants::Denied;
use bakehouse_core::platform::PlatformError;
use bakehouse_core::target::TargetId;
use bakehouse_registry::{
    EndpointError, IndexError, LayoutError, LocalRegistryError, LookupError, ManifestError,
    MergeError, PushError, RegistryError,
};
use bakehouse_runtime::{InvalidAnswer, RecipeError};
use bakehouse_system::docker::credentials::CredentialsError;
use bakehouse_system::http::HttpError;
use bakehouse_system::work_tree::PathError;
use bakehouse_upstream::git::GitError;
use bakehouse_upstream::release::{AccessError, ReleaseError};

use crate::ci::workflows::WorkflowError;
use crate::new::NewError;
use crate::recipes::CrateError;
use crate::review::ReviewError;
use crate::text::shell;
use crate::up::UpError;

pub use exit_code::ExitCode;
pub use stated::Failure;

/// The meaning of an error: its exit code, the next step to take, and whether
/// anything else is worth trying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The exit code.
    pub code: ExitCode,
    /// The advice, where one is known.
    pub hint: Option<String>,
    /// It is of everything, not of one app or version alone.
    pub everywhere: bool,
}

impl Explanation {
    fn new(code: ExitCode) -> Self {
        Self {
            code,
            hint: None,
            everywhere: false,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The advice where none is known yet and it has this exit code.
    fn or_hint(mut self, code: ExitCode, hint: impl FnOnce() -> String) -> Self {
        if self.code == code {
            self.hint.get_or_insert_with(hint);
        }
        self
    }

    /// The same where no recipe asked, but the command line: what would be the
    /// recipe's fault is its.
    fn of_the_command_line(mut self) -> Self {
        if matches!(self.code, ExitCode::Recipe | ExitCode::Denied) {
            self.code = ExitCode::Config;
        }
        self
    }

    const fn everywhere(mut self) -> Self {
        self.everywhere = true;
        self
    }
}

/// The meaning of an error's chain: the outermost cause that is known, else the
/// refusal of the local file system ([`ExitCode::Storage`]), or else a bug of
/// Bakehouse ([`ExitCode::Internal`]).
#[must_use]
pub fn explain(error: &Error) -> Explanation {
    // What was added as context is found by `anyhow` alone, and is outermost.
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return stated(failure);
    }
    if let Some(known) = error.chain().find_map(known) {
        return known;
    }
    core::refusal(error).unwrap_or_else(|| {
        Explanation::new(ExitCode::Internal).hint(
            "this is a fault of Bakehouse itself: please report it, with the command and all that it said",
        )
    })
}

/// The advice about a connection that did not come about, where one is known.
#[must_use]
pub fn way(error: &HttpError) -> Option<String> {
    system::way(error)
}

/// The exit code of an error.
#[must_use]
pub fn exit_code(error: &Error) -> ExitCode {
    explain(error).code
}

/// The advice about an error, where one is known.
#[must_use]
pub fn hint(error: &Error) -> Option<String> {
    explain(error).hint
}

fn stated(failure: &Failure) -> Explanation {
    Explanation {
        code: failure.code(),
        hint: failure.hint_text().map(str::to_owned),
        everywhere: failure.is_everywhere(),
    }
}

/// The command that builds a target alone; `flags` are those of the command line
/// that say where, and with what.
#[must_use]
pub fn alone(target: &TargetId, rebuild: bool, flags: &[String]) -> String {
    let platform = target.platform.to_string();
    let mut words = vec!["build", &target.app, "--version", &target.version];
    words.extend(["--platform", &platform]);
    if target.image != target.app {
        words.extend(["--image", &target.image]);
    }
    words.extend(rebuild.then_some("--rebuild"));
    words.extend(flags.iter().map(String::as_str));
    shell::command(words)
}

/// The advice about a target of which nothing else is known.
#[must_use]
pub fn try_alone(command: &str) -> String {
    format!("read its log, mend what that tells of, and try it alone: {command}")
}

/// The meaning of one error of a chain, if it is of a type that says so.
fn known(error: &(dyn std::error::Error + 'static)) -> Option<Explanation> {
    /// The explanation by the first of these types that the error has.
    macro_rules! by_type {
        ($($type:ty => $explain:expr,)*) => {
            $(if let Some(error) = error.downcast_ref::<$type>() {
                return $explain(error).into();
            })*
        };
    }
    by_type! {
        Failure => stated,
        RecipeError => runtime::recipe,
        InvalidAnswer => runtime::invalid,
        Denied => core::denied,
        PlatformError => core::platform,
        CredentialsError => system::credentials,
        PathError => system::path,
        EndpointError => registry::endpoint,
        RegistryError => registry::registry,
        MergeError => registry::merge,
        PushError => registry::push,
        LookupError => registry::lookup,
        LayoutError => registry::layout,
        ManifestError => registry::manifest,
        IndexError => registry::index,
        LocalRegistryError => registry::local,
        GitError => upstream::git,
        AccessError => upstream::access,
        ReleaseError => upstream::release,
        BuildError => builder::build,
        DockerfileError => builder::dockerfile,
        BuilderError => builder::builder,
        EngineError => builder::engine,
        SmokeError => builder::smoke,
        CrateError => recipes::krate,
        WorkflowError => ci::workflow,
        NewError => new::new,
        ReviewError => review::review,
        UpError => up::up,
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;
    use std::time::Duration;

    use anyhow::Context as _;
    use bakehouse_core::storage_error::StorageError;
    use bakehouse_registry::TransportError;
    use bakehouse_system::http::pages::ListError;

    use super::*;

    #[test]
    fn finds_what_is_known_under_and_over_context() {
        let inner = Failure::new(ExitCode::Registry, "refused").hint("start it");
        let wrapped = Err::<(), _>(inner).context("pushing").unwrap_err();
        assert_eq!(exit_code(&wrapped), ExitCode::Registry);
        assert_eq!(hint(&wrapped).as_deref(), Some("start it"));

        let over = Err::<(), _>(io::Error::other("disk"))
            .context(Failure::new(ExitCode::Config, "no config"))
            .unwrap_err();
        assert_eq!(exit_code(&over), ExitCode::Config);
        assert_eq!(hint(&over), None);

        let full = Err::<(), _>(io::Error::from(io::ErrorKind::StorageFull));
        let full = full.context("writing").unwrap_err();
        assert_eq!(exit_code(&full), ExitCode::Storage);
        assert!(hint(&full).unwrap().starts_with("free space"));
        assert_eq!(exit_code(&anyhow::anyhow!("?")), ExitCode::Internal);
    }

    #[test]
    fn each_way_that_a_registry_refuses_has_its_code_and_hint() {
        let away = TransportError::Unreachable("refused".to_owned());
        let down = || TransportError::Silent(Duration::from_secs(1));
        let half = TransportError::List(ListError::Repeats);
        let failed = |source| RegistryError::Failed {
            host: "h.test".to_owned(),
            what: "reading".to_owned(),
            source: Box::new(source),
        };
        for (error, code, says) in [
            (
                RegistryError::Unreachable {
                    host: "h.test".to_owned(),
                    what: "reading".to_owned(),
                    source: Box::new(away),
                },
                ExitCode::Registry,
                "--registry",
            ),
            (
                RegistryError::Refused {
                    host: "h.test".to_owned(),
                    what: "reading".to_owned(),
                    source: Box::new(down()),
                },
                ExitCode::Credentials,
                "docker login h.test",
            ),
            (
                failed(down()),
                ExitCode::Registry,
                "run the same command again",
            ),
            (failed(half), ExitCode::Registry, "half a list"),
        ] {
            let error = anyhow::Error::new(error).context("publishing");
            assert_eq!(exit_code(&error), code, "{error:#}");
            assert!(hint(&error).unwrap().contains(says), "{error:#}");
        }
        let missing = anyhow::Error::new(MergeError::Missing {
            name: "h.test/n/a:1".to_owned(),
            missing: vec!["linux/arm64".to_owned()],
        });
        assert_eq!(exit_code(&missing), ExitCode::Registry);
        assert!(hint(&missing).unwrap().contains("build it again"));
    }

    #[test]
    fn a_registrys_errors_are_explained_at_any_depth() {
        let absent = RegistryError::NotFound {
            reference: "h/n/a:1".to_owned(),
        };
        let merge = anyhow::Error::new(MergeError::Registry(absent)).context("merging");
        assert_eq!(exit_code(&merge), ExitCode::NotFound);
        assert!(hint(&merge).unwrap().contains("bakehouse plan"));

        let host = EndpointError::Host("x".to_owned());
        let reference = anyhow::Error::new(RegistryError::Reference(host));
        assert_eq!(exit_code(&reference), ExitCode::Config);

        // A layout that cannot be opened is a matter of files.
        let denied = LayoutError::Open {
            path: "/x".into(),
            source: io::ErrorKind::PermissionDenied.into(),
        };
        let denied = anyhow::Error::new(PushError::Layout(denied));
        assert_eq!(exit_code(&denied), ExitCode::Storage);
        assert!(hint(&denied).unwrap().starts_with("give the user"));
        // One that is damaged is the builder's doing.
        let none = anyhow::Error::new(PushError::Layout(LayoutError::NotOne(2)));
        assert_eq!(exit_code(&none), ExitCode::Build);

        let folder = Path::new("/x");
        let full = StorageError::new("create", folder, io::ErrorKind::StorageFull.into());
        let full = anyhow::Error::new(LocalRegistryError::Storage(full));
        assert_eq!(exit_code(&full), ExitCode::Storage);
        assert!(hint(&full).unwrap().starts_with("free space"));
    }
}
