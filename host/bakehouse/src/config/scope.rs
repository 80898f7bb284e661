//! Platforms of one run: those a version is published for, and those that are
//! built now.

use std::collections::BTreeSet;

use bakehouse_core::platform::Platform;

/// The platforms that an image is published for, and those of them that this run
/// takes care of. A version is tagged when all are there, unless publishing a part
/// was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Platforms to publish, as far as a recipe has them, sorted.
    platforms: Vec<Platform>,
    /// Those of this run.
    only: Vec<Platform>,
    /// The part that this run has may be tagged, though it is not all; then no
    /// moving tag moves.
    partial: bool,
}

impl Scope {
    /// Everything that is configured.
    #[must_use]
    pub fn all(platforms: &[Platform]) -> Self {
        Self::part(platforms, platforms, false)
    }

    /// `only` some of what is configured, or more than that. With `partial` they
    /// are published without the others.
    #[must_use]
    pub fn part(configured: &[Platform], only: &[Platform], partial: bool) -> Self {
        let sorted = |platforms: &[Platform]| -> Vec<Platform> {
            let sorted: BTreeSet<_> = platforms.iter().cloned().collect();
            sorted.into_iter().collect()
        };
        let (platforms, only) = (sorted(&[configured, only].concat()), sorted(only));
        let partial = partial && platforms != only;
        Self {
            platforms,
            only,
            partial,
        }
    }

    /// Platforms that a version needs to be tagged, as far as its recipe has
    /// them.
    #[must_use]
    pub fn wanted(&self) -> &[Platform] {
        if self.partial {
            &self.only
        } else {
            &self.platforms
        }
    }

    /// All platforms that are published.
    #[must_use]
    pub fn platforms(&self) -> &[Platform] {
        &self.platforms
    }

    /// Platforms that this run builds for.
    #[must_use]
    pub fn only(&self) -> &[Platform] {
        &self.only
    }

    /// Whether versions are published in part.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.partial
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platforms(texts: &[&str]) -> Vec<Platform> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_part_needs_its_name() {
        let both = platforms(&["linux/arm64", "linux/amd64", "linux/arm64"]);
        let sorted = platforms(&["linux/amd64", "linux/arm64"]);
        let amd64 = platforms(&["linux/amd64"]);
        assert_eq!(Scope::all(&both).wanted(), sorted);
        assert!(!Scope::part(&both, &both, true).is_partial());

        let unnamed = Scope::part(&both, &amd64, false);
        assert_eq!((unnamed.wanted(), unnamed.only()), (&*sorted, &*amd64));
        let named = Scope::part(&both, &amd64, true);
        assert_eq!((named.wanted(), named.only()), (&*amd64, &*amd64));
        assert!(named.is_partial());

        let more = platforms(&["linux/s390x"]);
        let more = Scope::part(&both, &more, false);
        assert_eq!(more.wanted().len(), 3);
    }
}
