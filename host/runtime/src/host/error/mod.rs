//! Errors of host functions, and what the contract calls each of them.
//!
//! Every crate of the host has errors of its own. A recipe is told one of the
//! contract's few cases and a sentence; which case, is decided here alone, in a
//! file for each crate.

mod builder;
mod registry;
mod system;
mod upstream;

use std::time::Duration;

use bakehouse_builder::BuildError;
use bakehouse_core::grants::Denied;
use bakehouse_core::platform::PlatformError;
use bakehouse_core::recipe::CallError;
use bakehouse_core::storage_error::StorageError;
use bakehouse_registry::LookupError;
use bakehouse_system::http::SetUpError;
use bakehouse_system::quota::QuotaError;
use bakehouse_system::work_tree::PathError;
use bakehouse_upstream::fetch::FetchError;
use bakehouse_upstream::release::ReleaseError;

use crate::validate_build::InvalidBuild;

/// The reasons why a host function did not do as a recipe asked.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The app has no grant for it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is about a platform that is none.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// A compile step is not asked for as one can be.
    #[error(transparent)]
    Build(#[from] InvalidBuild),
    /// A compile step.
    #[error(transparent)]
    Compile(#[from] BuildError),
    /// A download.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A look at somebody else's image.
    #[error(transparent)]
    Image(#[from] LookupError),
    /// A look at releases.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// A path in the work tree.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The work tree is full, or cannot be measured.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// The local file system refused what the recipe itself wrote.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is nothing to ask with.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// It took longer than a host function may.
    #[error("{what} took longer than {} s", .limit.as_secs())]
    Timeout {
        /// The work.
        what: String,
        /// The longest that it may take.
        limit: Duration,
    },
    /// A compile step took longer than a host function may.
    #[error("the compile step took longer than {} s", .0.as_secs())]
    SlowCompile(Duration),
    /// The call asked the host more often than it may.
    #[error(
        "more than {0} calls of host functions; [limits] in bakehouse.toml sets how many there may be"
    )]
    TooManyCalls(u32),
    /// A function of `prepare` was called by another one.
    #[error("{0} can only be called during prepare")]
    NotPreparing(&'static str),
    /// A compile step's result would take the place of the work tree.
    #[error("`into` must name a folder in the work tree")]
    IntoRoot,
}

/// The error that a recipe is told; or else the host's own trouble, which is the
/// operator's to mend, and nothing that a recipe can do better: it ends the call.
pub type Told<'a> = Result<CallError, &'a StorageError>;

impl HostError {
    /// The error that a recipe is told of it.
    ///
    /// # Errors
    /// What the local file system refused.
    pub fn told(&self) -> Told<'_> {
        let text = || self.to_string();
        Ok(match self {
            Self::Denied(_) | Self::TooManyCalls(_) => CallError::Denied(text()),
            Self::Platform(_) | Self::NotPreparing(_) | Self::IntoRoot => {
                CallError::InvalidInput(text())
            }
            Self::Build(error) => return invalid(error),
            Self::Compile(error) => return builder::build(error),
            Self::Fetch(error) => return upstream::fetch(error),
            Self::Image(error) => registry::lookup(error),
            Self::Release(error) => return upstream::release(error),
            Self::Path(error) => return system::path(error),
            Self::Quota(error) => return system::quota(error),
            Self::Storage(error) => return Err(error),
            Self::SetUp(_) => CallError::Unavailable(text()),
            Self::Timeout { .. } | Self::SlowCompile(_) => CallError::Timeout(text()),
        })
    }

    /// The refusal of the local file system, if it is that.
    #[must_use]
    pub fn refused(&self) -> Option<&StorageError> {
        self.told().err()
    }
}

/// A build that is not asked for as one can be.
fn invalid(error: &InvalidBuild) -> Told<'_> {
    let text = error.to_string();
    Ok(match error {
        InvalidBuild::Denied(_) | InvalidBuild::Frontend { .. } | InvalidBuild::Shadow { .. } => {
            CallError::Denied(text)
        }
        InvalidBuild::Path(error) => return system::path(error),
        InvalidBuild::Storage(error) => return Err(error),
        InvalidBuild::Platform(_)
        | InvalidBuild::OtherPlatform(_)
        | InvalidBuild::Context(_)
        | InvalidBuild::Dockerfile { .. }
        | InvalidBuild::Large(_)
        | InvalidBuild::Nul(_)
        | InvalidBuild::Many { .. } => CallError::InvalidInput(text),
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use bakehouse_builder::{BuilderError, ReceiveError};
    use bakehouse_system::http::HttpError;
    use bakehouse_system::place::PlaceError;
    use bakehouse_system::unpack::UnpackError;
    use bakehouse_upstream::git::GitError;

    use super::*;

    fn full() -> StorageError {
        StorageError::new("write", Path::new("/x"), io::ErrorKind::StorageFull.into())
    }

    fn http(source: HttpError) -> HostError {
        let what = "https://host.test/x".to_owned();
        FetchError::Http { what, source }.into()
    }

    #[test]
    fn a_recipe_is_told_a_case_and_a_sentence() {
        let told = |error: HostError| error.told().unwrap();
        assert_eq!(
            told(http(HttpError::NotFound)),
            CallError::NotFound("https://host.test/x: not found".to_owned())
        );
        let silent = HttpError::Silent {
            limit: Duration::from_secs(1),
        };
        assert!(matches!(told(http(silent)), CallError::Timeout(_)));
        let busy = HttpError::Busy {
            pause: Duration::from_secs(1),
        };
        assert!(matches!(told(http(busy)), CallError::RateLimited(_)));
        let release = |error: ReleaseError| told(error.into());
        let absent = release(ReleaseError::NoPackage("x".to_owned()));
        assert_eq!(
            absent,
            CallError::NotFound("npm has no package x".to_owned())
        );
        let unlisted = release(ReleaseError::Git(GitError::NoRepository {
            address: "https://git.test/x".to_owned(),
        }));
        assert!(matches!(unlisted, CallError::Unavailable(_)));
        let what = || "https://api.test/x".to_owned();
        let unasked = release(ReleaseError::Unasked { what: what() });
        assert!(matches!(unasked, CallError::Unavailable(_)));
        let limit = Duration::from_secs(1);
        let slow = release(ReleaseError::Slow {
            what: what(),
            limit,
        });
        assert!(matches!(slow, CallError::Timeout(_)));
        let limited = release(ReleaseError::RateLimited {
            what: what(),
            until: std::time::SystemTime::UNIX_EPOCH,
            variables: None,
        });
        assert!(matches!(limited, CallError::RateLimited(_)));
        let none = release(ReleaseError::NoRelease {
            name: "npm:x".to_owned(),
            tag: "v3".to_owned(),
        });
        assert_eq!(
            none,
            CallError::NotFound("npm:x has no release v3".to_owned())
        );
        let tag = release(ReleaseError::Tag("..".to_owned()));
        assert!(matches!(tag, CallError::InvalidInput(_)));
        let pattern = release(ReleaseError::Pattern("v".to_owned()));
        assert!(matches!(pattern, CallError::InvalidInput(_)));
        let gone = BuildError::from(BuilderError::NoneLeft);
        assert!(matches!(told(gone.into()), CallError::Unavailable(_)));
        let denied = HostError::from(Denied("no grant".to_owned()));
        assert_eq!(told(denied), CallError::Denied("no grant".to_owned()));
    }

    #[test]
    fn a_recipe_is_never_told_what_the_hosts_file_system_refused() {
        let what = || "https://host.test/x".to_owned();
        let all: Vec<HostError> = vec![
            FetchError::Storage(full()).into(),
            FetchError::Path(PathError::Storage(full())).into(),
            FetchError::Unpack {
                what: what(),
                source: UnpackError::Storage(full()),
            }
            .into(),
            FetchError::Place {
                what: what(),
                source: PlaceError::Storage(full()),
            }
            .into(),
            ReleaseError::Git(GitError::Storage(full())).into(),
            BuildError::Storage(full()).into(),
            BuildError::Path(PathError::Storage(full())).into(),
            BuildError::Place(PlaceError::Storage(full())).into(),
            BuildError::Receive(ReceiveError::Storage(full())).into(),
            BuildError::Receive(ReceiveError::Files(UnpackError::Storage(full()))).into(),
            InvalidBuild::Storage(full()).into(),
            InvalidBuild::Path(PathError::Storage(full())).into(),
            PathError::Storage(full()).into(),
            QuotaError::Storage(full()).into(),
            full().into(),
        ];
        for error in all {
            let refused = error.refused().map(StorageError::kind);
            assert_eq!(refused, Some(io::ErrorKind::StorageFull), "{error:?}");
        }
    }
}
