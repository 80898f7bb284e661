//! Selection and order of releases.

use crate::release::Selection;

impl Selection {
    /// Releases for general use.
    #[must_use]
    pub const fn stable() -> Self {
        Self {
            pattern: None,
            prereleases: false,
        }
    }

    /// Prereleases, too.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            pattern: None,
            prereleases: true,
        }
    }

    /// Only tags of this pattern: a text with `{version}` in it, e.g.
    /// `v{version}-limitless`.
    #[must_use]
    pub fn tags(mut self, pattern: &str) -> Self {
        self.pattern = Some(pattern.to_owned());
        self
    }
}
