//! Versions from releases.

use crate::release::Release;
use crate::{Source, Version};

impl Version {
    /// A version with this number, as it becomes the tag.
    #[must_use]
    pub fn new(number: &str) -> Self {
        Self {
            number: number.to_owned(),
            source: None,
            prerelease: false,
            created: None,
            revision_of: None,
            extras: Vec::new(),
        }
    }

    /// Lets the host check this tag, branch or commit of a repository out into
    /// the work tree, before `prepare`. The address is its grant, too.
    #[must_use]
    pub fn source(mut self, repository: &str, git_ref: &str) -> Self {
        self.source = Some(Source {
            repository: repository.to_owned(),
            git_ref: git_ref.to_owned(),
            submodules: false,
        });
        self
    }

    /// Checks out the source's submodules, too; each one's repository needs a
    /// grant.
    #[must_use]
    pub fn with_submodules(mut self) -> Self {
        if let Some(source) = &mut self.source {
            source.submodules = true;
        }
        self
    }

    /// Says of which version this is another packaging; that one must be older
    /// by number.
    #[must_use]
    pub fn revision_of(mut self, number: &str) -> Self {
        self.revision_of = Some(number.to_owned());
        self
    }

    /// The version of an upstream release: its number and date, no source
    /// checkout.
    #[must_use]
    pub fn of(release: &Release) -> Self {
        Self {
            number: release.version.clone(),
            source: None,
            prerelease: release.prerelease,
            created: release.published.clone(),
            revision_of: None,
            extras: Vec::new(),
        }
    }
}
