//! Exit codes and hints of upstream's errors.

use bakehouse_system::http::HttpError;
use bakehouse_system::work_tree::PathError;
use bakehouse_upstream::fetch::FetchError;
use bakehouse_upstream::git::GitError;
use bakehouse_upstream::release::{AccessError, ReleaseError};

use super::{ExitCode, Explanation, core, registry, system};

/// A repository that is not checked out.
pub(super) fn git(error: &GitError) -> Explanation {
    let code = match error {
        GitError::Denied(_) => ExitCode::Denied,
        GitError::Path(PathError::Storage(error)) | GitError::Storage(error) => {
            return core::storage(error);
        }
        GitError::Address(_)
        | GitError::Ref(_)
        | GitError::Path(_)
        | GitError::Submodule { .. }
        | GitError::Submodules(_) => ExitCode::Recipe,
        GitError::Start(_)
        | GitError::Elsewhere { .. }
        | GitError::Login { .. }
        | GitError::Untrusted { .. }
        | GitError::Unreachable { .. }
        | GitError::NoCommit { .. }
        | GitError::NoRepository { .. }
        | GitError::PlainServer { .. }
        | GitError::NoRef { .. }
        | GitError::Large { .. }
        | GitError::Files { .. }
        | GitError::Deep { .. }
        | GitError::Slow { .. }
        | GitError::Failed { .. } => ExitCode::Upstream,
    };
    let explanation = Explanation::new(code);
    match advice(error) {
        Some(advice) => explanation.hint(advice),
        None => explanation,
    }
}

/// The advice about a repository that is not read, where one is known.
const fn advice(error: &GitError) -> Option<&'static str> {
    Some(match error {
        GitError::Denied(_)
        | GitError::Address(_)
        | GitError::Ref(_)
        | GitError::Path(_)
        | GitError::Submodule { .. }
        | GitError::Submodules(_)
        | GitError::Storage(_) => return None,
        GitError::Start(_) => "install git, and run the same command again",
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
        GitError::PlainServer { .. } => {
            "name a host that speaks git's smart protocol, as forges do, or let [mirrors] lead to one"
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

/// A download.
pub(super) fn fetch(error: &FetchError) -> Explanation {
    match error {
        FetchError::Url(_)
        | FetchError::Integrity(_)
        | FetchError::Large { .. }
        | FetchError::Folder(_)
        | FetchError::Room { .. } => Explanation::new(ExitCode::Recipe),
        FetchError::Denied { .. } => Explanation::new(ExitCode::Denied),
        FetchError::Http { source, .. } => Explanation {
            hint: system::way(source),
            ..Explanation::new(ExitCode::Upstream)
        },
        FetchError::Slow { .. } | FetchError::Digest { .. } => Explanation::new(ExitCode::Upstream),
        FetchError::Path(error) => system::path(error),
        FetchError::Unpack { source, .. } => system::unpack(source),
        FetchError::Place { source, .. } => system::place(source),
        FetchError::Storage(error) => core::storage(error),
        FetchError::Worker { .. } => Explanation::new(ExitCode::Internal),
    }
}

/// A look at releases.
pub(super) fn release(error: &ReleaseError) -> Explanation {
    match error {
        ReleaseError::Unknown { .. } => Explanation::new(ExitCode::Recipe)
            .hint("correct the source: in app.toml, or in the recipe where it names its own"),
        ReleaseError::Pattern(_)
        | ReleaseError::Tag(_)
        | ReleaseError::Host { .. }
        | ReleaseError::PackageName(_)
        | ReleaseError::PackageAddress { .. }
        | ReleaseError::Address(_) => Explanation::new(ExitCode::Recipe),
        ReleaseError::NoNpmRegistry | ReleaseError::BadNpmRegistry | ReleaseError::BadIndex => {
            Explanation::new(ExitCode::Config)
        }
        ReleaseError::Git(error) => git(error),
        ReleaseError::Image(error) => registry::lookup(error),
        ReleaseError::NoPackage(_)
        | ReleaseError::EmptyPackage { .. }
        | ReleaseError::NoFiles { .. }
        | ReleaseError::NoTags
        | ReleaseError::Absent { .. }
        | ReleaseError::NoRelease { .. }
        | ReleaseError::NothingCounts(_)
        | ReleaseError::Http { .. }
        | ReleaseError::Answered { .. }
        | ReleaseError::RateLimited { .. }
        | ReleaseError::Slow { .. }
        | ReleaseError::NotText { .. }
        | ReleaseError::Malformed { .. }
        | ReleaseError::Page { .. }
        | ReleaseError::NotListed { .. }
        | ReleaseError::Unasked { .. }
        | ReleaseError::Redirect { .. }
        | ReleaseError::Elsewhere { .. }
        | ReleaseError::List { .. } => Explanation {
            hint: reading(error),
            ..Explanation::new(ExitCode::Upstream)
        },
    }
}

/// The advice about a source that cannot be read, where one is known.
fn reading(error: &ReleaseError) -> Option<String> {
    match error {
        // Forges and indexes tell their statuses otherwise.
        ReleaseError::Http {
            source: HttpError::Hidden { .. } | HttpError::Unauthorized { .. },
            ..
        } => Some(
            "the registry wants a login, or other rights: check its address in \
             NPM_CONFIG_REGISTRY, and its token in .npmrc"
                .to_owned(),
        ),
        ReleaseError::Http { source, .. } => system::way(source),
        ReleaseError::Answered { advice, .. } => advice.as_ref().map(|advice| {
            format!("{advice}: it has to be known there, and to have the right to read this")
        }),
        ReleaseError::RateLimited { variables, .. } => Some(match variables {
            Some(variables) => format!("set {variables}, or wait until then"),
            None => "wait until then, and run the same command again".to_owned(),
        }),
        ReleaseError::Page { .. } => Some(
            "something answers in its place, a login page or a proxy perhaps: check the address \
             (NPM_CONFIG_REGISTRY, PIP_INDEX_URL, GITHUB_API_URL), and what is between it and \
             this machine; an index of Python's packages has to speak JSON (PEP 691)"
                .to_owned(),
        ),
        _ => None,
    }
}

/// An environment that names no API, or no token.
pub(super) fn access(error: &AccessError) -> Explanation {
    let hint = match error {
        AccessError::Address => "write it as https://HOST/api/v3, or unset it for github.com",
        AccessError::Token(_) => {
            "it has characters in it that no token has, perhaps an end of line"
        }
    };
    Explanation::new(ExitCode::Config).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_upstream_does_has_a_code_and_a_hint() {
        let address = "https://git.example/a".to_owned();
        for error in [
            GitError::Large {
                address: address.clone(),
                limit: 10,
            },
            GitError::Files {
                address: address.clone(),
                count: 2,
                bytes: 19,
                most: 1,
                most_bytes: 10,
            },
            GitError::Slow {
                repository: address,
                limit: std::time::Duration::from_secs(1),
            },
        ] {
            let explained = git(&error);
            assert_eq!(explained.code, ExitCode::Upstream, "{error}");
            assert!(explained.hint.is_some(), "{error}");
        }
        let error = AccessError::Token("GITLAB_TOKEN");
        assert_eq!(access(&error).code, ExitCode::Config);
        assert_eq!(error.to_string(), "GITLAB_TOKEN cannot be a token");
    }
}
