//! Exit codes and hints of upstream's errors.

use bakehouse_core::error::ExitCode;
use bakehouse_system::work_tree::PathError;
use bakehouse_upstream::advice;
use bakehouse_upstream::git::GitError;
use bakehouse_upstream::release::AccessError;

use super::Explanation;

/// A repository that is not checked out.
pub(super) fn git(error: &GitError) -> Explanation {
    let code = match error {
        GitError::Denied(_) => ExitCode::Denied,
        GitError::Path(PathError::Storage(error)) | GitError::Storage(error) => {
            return Explanation::storage(error.kind());
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
