//! Provenance labels: the repository and the commit that an image is made from.
//!
//! `source` and `revision` (image-spec v1.1, "Annotations") are read as one: the
//! commit is looked up in the repository. An app's upstream may be elsewhere than
//! the source that its image is built from; then it has a label of its own.

use bakehouse_core::recipe::{App, Version};
use bakehouse_upstream::git::Revision;

/// Annotation and label with the repository, or upstream's address.
pub(super) const SOURCE_ANNOTATION: &str = "org.opencontainers.image.source";
/// Annotation and label with the commit.
pub(super) const REVISION_ANNOTATION: &str = "org.opencontainers.image.revision";
/// Annotation and label with the app's upstream, where the source is another.
pub(super) const UPSTREAM_ANNOTATION: &str = "dev.bakehouse.upstream";

/// The origin of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    /// The repository that [`revision`](Self::revision) is a commit of; the app's
    /// upstream where no commit is known.
    pub(super) source: &'a str,
    /// The commit that was checked out.
    pub(super) revision: Option<&'a str>,
    /// The app's upstream, where it is not the source.
    pub(super) upstream: Option<&'a str>,
}

impl<'a> Origin<'a> {
    /// The origin of a version's images.
    pub(super) fn of(app: &'a App, version: &'a Version, revision: Option<&'a Revision>) -> Self {
        let upstream = app.upstream.as_str();
        let repository = version.source.as_ref().map(|s| s.repository.as_str());
        let (Some(repository), Some(revision)) = (repository, revision) else {
            return Self {
                source: upstream,
                revision: None,
                upstream: None,
            };
        };
        let one = same(repository, upstream);
        Self {
            source: if one { upstream } else { repository },
            revision: Some(&revision.commit),
            upstream: Some(upstream).filter(|_| !one),
        }
    }
}

/// Whether two addresses are one repository's: forges take them with and without
/// `.git` and a slash at the end.
fn same(one: &str, other: &str) -> bool {
    bare(one).eq_ignore_ascii_case(bare(other))
}

fn bare(address: &str) -> &str {
    let address = address.trim_end_matches('/');
    address.strip_suffix(".git").unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakehouse_core::date::Date;
    use bakehouse_core::recipe::Source;

    const FORK: &str = "https://framagit.org/framasoft/framateam/mostlymatter";
    const MATTERMOST: &str = "https://github.com/mattermost/mattermost";

    fn version(repository: Option<&str>) -> Version {
        Version {
            number: "1.0.0".to_owned(),
            source: repository.map(|repository| Source {
                repository: repository.to_owned(),
                git_ref: "v1.0.0".to_owned(),
                submodules: false,
            }),
            prerelease: false,
            created: None,
            revision_of: None,
            extras: Vec::new(),
            taken: Vec::new(),
        }
    }

    #[test]
    fn source_is_the_repository_that_the_commit_is_of() {
        let revision = Revision {
            commit: "c".repeat(40),
            committed: Date::parse("2025-01-01T00:00:00Z"),
        };
        let commit = Some(revision.commit.as_str());
        for (upstream, repository, known, expected) in [
            (
                FORK,
                Some(MATTERMOST),
                true,
                (MATTERMOST, commit, Some(FORK)),
            ),
            (
                MATTERMOST,
                Some(MATTERMOST),
                true,
                (MATTERMOST, commit, None),
            ),
            (
                "https://github.com/Mattermost/mattermost.git/",
                Some(MATTERMOST),
                true,
                (
                    "https://github.com/Mattermost/mattermost.git/",
                    commit,
                    None,
                ),
            ),
            (
                "https://mattermost.example",
                Some(MATTERMOST),
                true,
                (MATTERMOST, commit, Some("https://mattermost.example")),
            ),
            // No commit, no pair.
            (FORK, Some(MATTERMOST), false, (FORK, None, None)),
            (FORK, None, true, (FORK, None, None)),
        ] {
            let app = App {
                upstream: upstream.to_owned(),
                ..App::default()
            };
            let version = version(repository);
            let origin = Origin::of(&app, &version, Some(&revision).filter(|_| known));
            let got = (origin.source, origin.revision, origin.upstream);
            assert_eq!(got, expected, "{upstream} {repository:?}");
        }
    }
}
