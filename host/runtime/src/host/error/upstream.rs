//! Errors of the `upstream` crate, as a recipe is told them.

use bakehouse_core::recipe::CallError;
use bakehouse_system::http::HttpError;
use bakehouse_system::http::pages::ListError;
use bakehouse_system::work_tree::PathError;
use bakehouse_upstream::fetch::FetchError;
use bakehouse_upstream::git::GitError;
use bakehouse_upstream::release::ReleaseError;

use super::Told;
use super::registry::lookup;
use super::system::{Case, path, place, unpack};

fn http(error: &HttpError) -> Case {
    match error {
        error if error.is_timeout() => CallError::Timeout,
        HttpError::NotFound | HttpError::Hidden { .. } => CallError::NotFound,
        HttpError::Busy { .. } | HttpError::Paused { .. } => CallError::RateLimited,
        _ => CallError::Unavailable,
    }
}

pub(super) fn fetch(error: &FetchError) -> Told<'_> {
    let case: Case = match error {
        FetchError::Url(_)
        | FetchError::Integrity(_)
        | FetchError::Large { .. }
        | FetchError::Folder(_)
        | FetchError::Room { .. } => CallError::InvalidInput,
        FetchError::Denied { .. } => CallError::Denied,
        FetchError::Http { source, .. } => http(source),
        FetchError::Slow { .. } => CallError::Timeout,
        FetchError::Digest { .. } => CallError::Unavailable,
        FetchError::Worker { .. } => CallError::Other,
        FetchError::Unpack { source, .. } => unpack(source)?,
        FetchError::Place { source, .. } => place(source)?,
        FetchError::Path(error) => return path(error),
        FetchError::Storage(error) => return Err(error),
    };
    Ok(case(error.to_string()))
}

pub(super) fn release(error: &ReleaseError) -> Told<'_> {
    let case: Case = match error {
        error if error.is_absent() => CallError::NotFound,
        ReleaseError::Unknown { .. }
        | ReleaseError::Pattern(_)
        | ReleaseError::Tag(_)
        | ReleaseError::Host { .. }
        | ReleaseError::PackageName(_)
        | ReleaseError::PackageAddress { .. }
        | ReleaseError::Address(_) => CallError::InvalidInput,
        ReleaseError::RateLimited { .. } => CallError::RateLimited,
        ReleaseError::Slow { .. }
        | ReleaseError::List {
            source: ListError::Time(_),
            ..
        } => CallError::Timeout,
        // A server of packages says 403 of what is not for us.
        ReleaseError::Http {
            source: HttpError::Hidden { .. },
            ..
        } => CallError::Unavailable,
        ReleaseError::Http { source, .. } => http(source),
        ReleaseError::Git(GitError::Storage(error) | GitError::Path(PathError::Storage(error))) => {
            return Err(error);
        }
        ReleaseError::Image(error) => return Ok(lookup(error)),
        ReleaseError::Git(_)
        | ReleaseError::NoNpmRegistry
        | ReleaseError::BadNpmRegistry
        | ReleaseError::BadIndex
        | ReleaseError::NoPackage(_)
        | ReleaseError::EmptyPackage { .. }
        | ReleaseError::NoFiles { .. }
        | ReleaseError::NoTags
        | ReleaseError::Absent { .. }
        | ReleaseError::NoRelease { .. }
        | ReleaseError::NothingCounts(_)
        | ReleaseError::Answered { .. }
        | ReleaseError::NotText { .. }
        | ReleaseError::Malformed { .. }
        | ReleaseError::Page { .. }
        | ReleaseError::NotListed { .. }
        | ReleaseError::Unasked { .. }
        | ReleaseError::Redirect { .. }
        | ReleaseError::Elsewhere { .. }
        | ReleaseError::List { .. } => CallError::Unavailable,
    };
    Ok(case(error.to_string()))
}
