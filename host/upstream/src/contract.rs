//! Errors of this crate as the contract's, for what a recipe asked for.

use bakehouse_core::recipe::CallError;
use bakehouse_system::http::HttpError;
use bakehouse_system::http::pages::ListError;
use bakehouse_system::unpack::UnpackError;

use crate::fetch::FetchError;
use crate::git::{AddressError, GitError, RefError};
use crate::release::ReleaseError;

/// Which of the contract's cases a sentence belongs to.
type Case = fn(String) -> CallError;

const fn http(error: &HttpError) -> Case {
    match error {
        HttpError::NotFound | HttpError::Hidden { .. } => CallError::NotFound,
        HttpError::Busy { .. } | HttpError::Paused { .. } => CallError::RateLimited,
        _ => CallError::Unavailable,
    }
}

fn timed(error: &HttpError) -> Case {
    match error.is_timeout() {
        true => CallError::Timeout,
        false => http(error),
    }
}

impl From<FetchError> for CallError {
    fn from(error: FetchError) -> Self {
        let case: Case = match &error {
            FetchError::Url(_)
            | FetchError::Integrity(_)
            | FetchError::Large { .. }
            | FetchError::Folder(_)
            | FetchError::Room { .. } => Self::InvalidInput,
            FetchError::Denied { .. } => Self::Denied,
            FetchError::Http { source, .. } => timed(source),
            FetchError::Slow { .. } => Self::Timeout,
            FetchError::Digest { .. } => Self::Unavailable,
            FetchError::Worker { .. } => Self::Other,
            FetchError::Path(_)
            | FetchError::Unpack { .. }
            | FetchError::Place { .. }
            | FetchError::Storage(_) => return local(error),
        };
        case(error.to_string())
    }
}

/// What happened in the work tree. Refusals of the system name a path, and not
/// the download.
fn local(error: FetchError) -> CallError {
    let text = error.to_string();
    let case = match error {
        FetchError::Path(error) => return error.into(),
        FetchError::Storage(error) => return error.into(),
        FetchError::Place { source, .. } => CallError::from(source),
        FetchError::Unpack { source, .. } => match source {
            UnpackError::Storage(error) => return error.into(),
            source => CallError::from(source),
        },
        _ => return CallError::Other(text),
    };
    match case {
        CallError::InvalidInput(_) => CallError::InvalidInput(text),
        CallError::Other(_) => CallError::Other(text),
        other => other,
    }
}

impl From<AddressError> for CallError {
    fn from(error: AddressError) -> Self {
        Self::InvalidInput(error.to_string())
    }
}

impl From<RefError> for CallError {
    fn from(error: RefError) -> Self {
        Self::InvalidInput(error.to_string())
    }
}

impl From<ReleaseError> for CallError {
    fn from(error: ReleaseError) -> Self {
        let text = error.to_string();
        let case: Case = match error {
            error if error.is_absent() => Self::NotFound,
            ReleaseError::Unknown { .. }
            | ReleaseError::Pattern(_)
            | ReleaseError::Tag(_)
            | ReleaseError::Host { .. }
            | ReleaseError::PackageName(_)
            | ReleaseError::PackageAddress { .. }
            | ReleaseError::Address(_) => Self::InvalidInput,
            ReleaseError::RateLimited { .. } => Self::RateLimited,
            ReleaseError::Slow { .. }
            | ReleaseError::List {
                source: ListError::Time(_),
                ..
            } => Self::Timeout,
            ReleaseError::Http { source, .. } => timed(&source),
            ReleaseError::Git(error) => return unlisted(&error),
            ReleaseError::Image(error) => return error.into(),
            ReleaseError::NoNpmRegistry
            | ReleaseError::BadNpmRegistry
            | ReleaseError::NoPackage(_)
            | ReleaseError::EmptyPackage { .. }
            | ReleaseError::NoTags
            | ReleaseError::Absent { .. }
            | ReleaseError::NoRelease { .. }
            | ReleaseError::NothingCounts(_)
            | ReleaseError::Answered { .. }
            | ReleaseError::NotText { .. }
            | ReleaseError::Malformed { .. }
            | ReleaseError::Unasked { .. }
            | ReleaseError::Redirect { .. }
            | ReleaseError::Elsewhere { .. }
            | ReleaseError::List { .. } => Self::Unavailable,
        };
        case(text)
    }
}

/// A repository whose tags are not listed, and what to do about that.
fn unlisted(error: &GitError) -> CallError {
    let advice = advice(error).map_or_else(String::new, |advice| format!("; {advice}"));
    CallError::Unavailable(format!("{error}{advice}"))
}

/// What to do about a repository that is not read, where that is known.
#[must_use]
pub const fn advice(error: &GitError) -> Option<&'static str> {
    Some(match error {
        GitError::Denied(_)
        | GitError::Address(_)
        | GitError::Ref(_)
        | GitError::Path(_)
        | GitError::Submodule { .. }
        | GitError::Submodules(_)
        | GitError::Storage(_) => return None,
        GitError::Start(_) => "install git, or run ./justw up, and run the same command again",
        GitError::Elsewhere { .. } => {
            "look where it went, and name that address in the recipe and under [grants]"
        }
        GitError::Login { .. } => {
            "only public repositories can be checked out; check the address in the recipe"
        }
        GitError::Untrusted { .. } => {
            "where its certificate is your own, name the bundle in SSL_CERT_FILE"
        }
        GitError::Unreachable { .. } => {
            "upstream's host, or the way to it, is down; run the same command again"
        }
        GitError::NoCommit { .. } => {
            "upstream removed it; delete this version's digest files, and its tag where it has one"
        }
        GitError::NoRepository { .. } => "check the address in the recipe; upstream may have moved",
        GitError::NoRef { .. } => {
            "upstream may have removed it; check the ref that the recipe names"
        }
        GitError::Large { .. } => "fetch a release archive with fetch.download instead",
        GitError::Files { .. } | GitError::Deep { .. } => {
            "fetch what is needed of it with fetch.download instead"
        }
        GitError::Slow { .. } => {
            "upstream is slow, or another bakehouse is busy with it; try again"
        }
        GitError::Failed { .. } => {
            "run the same command again; if it stays, delete .bakehouse/sources"
        }
    })
}
