//! Errors of new apps, explained.

use bakehouse_upstream::release::ReleaseError;

use super::{ExitCode, Explanation, core, registry, upstream};
use crate::new::{NewError, source_of};

pub(super) fn new(error: &NewError) -> Explanation {
    let code = match error {
        NewError::Release(ReleaseError::Unknown { text, .. }) => {
            return Explanation::new(ExitCode::Config).hint(match source_of(text) {
                Some(meant) => format!("did you mean --from {meant}?"),
                None => "name one of these with --from".to_owned(),
            });
        }
        NewError::Release(error) => return upstream::release(error).of_the_command_line(),
        NewError::Fetch(error) => return upstream::fetch(error).of_the_command_line(),
        NewError::Git(error) => return upstream::git(error).of_the_command_line(),
        NewError::Lookup(error) => return registry::lookup(error),
        NewError::Storage(error) => return core::storage(error),
        NewError::SetUp(_) => ExitCode::Internal,
        NewError::Name(_)
        | NewError::Exists(_)
        | NewError::Recipe { .. }
        | NewError::Pattern(_)
        | NewError::NoSdk(_)
        | NewError::Answer(_) => ExitCode::Config,
        NewError::NoFile { .. }
        | NewError::Late { .. }
        | NewError::NoProgram { .. }
        | NewError::Several { .. }
        | NewError::NoPattern { .. }
        | NewError::Packed(_)
        | NewError::NoLicence(_)
        | NewError::NoDockerfile { .. }
        | NewError::Dockerfile { .. }
        | NewError::Image { .. } => ExitCode::Nothing,
    };
    let explanation = Explanation::new(code);
    match advice(error) {
        Some(advice) => explanation.hint(advice),
        None => explanation,
    }
}

/// The advice, where one is known.
const fn advice(error: &NewError) -> Option<&'static str> {
    Some(match error {
        NewError::Exists(_) => "choose another name, or delete it first; nothing is overwritten",
        NewError::Recipe { .. } => {
            "name npm:, pypi:, github:, gitlab: or gitea: for its binaries, or a repository for its Dockerfile"
        }
        NewError::NoSdk(_) => {
            "name the release as `uses` under [ci] in bakehouse.toml (OWNER/REPO@vN), or leave --recipe rust out"
        }
        NewError::NoFile { .. } => {
            "name the file with --file, or build upstream's Dockerfile: --recipe dockerfile, of a package --from git:https://HOST/REPO.git"
        }
        NewError::Late { .. } => "upstream may be publishing it; run the same command later",
        NewError::NoProgram { .. } => {
            "name another file with --file, or build upstream's Dockerfile: --recipe dockerfile, of a package --from git:https://HOST/REPO.git"
        }
        NewError::Several { .. } => "say which with --member",
        NewError::NoPattern { .. } => "write the pattern with --file or --member",
        NewError::Packed(_) => "name another file with --file",
        NewError::NoLicence(_) => "say it with --license, as an SPDX expression",
        NewError::NoDockerfile { .. } => "name it with --dockerfile, by its path in the repository",
        NewError::Dockerfile { .. } => {
            "name another with --dockerfile, or write a recipe with --recipe rust"
        }
        NewError::Image { .. } => {
            "name upstream's repository (git:) or binaries (npm:, pypi:, github:, gitlab:, gitea:) with --from"
        }
        _ => return None,
    })
}
