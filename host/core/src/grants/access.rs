//! The access of one build.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{ImageEntry, Kind, Policy};

/// The reach of one build: its app's policy, and the images that were built before
/// it in the same job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    policy: Arc<Policy>,
    bases: Vec<String>,
}

impl Access {
    /// Access under a policy, with these images by digest.
    #[must_use]
    pub const fn new(policy: Arc<Policy>, bases: Vec<String>) -> Self {
        Self { policy, bases }
    }

    /// The app's policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Images of the same job, by digest.
    #[must_use]
    pub fn bases(&self) -> &[String] {
        &self.bases
    }

    /// The images that recipe, app and operator all name.
    #[must_use]
    pub fn images(&self) -> Vec<ImageEntry> {
        let entries = self.entries(Kind::Bases);
        entries
            .iter()
            .filter_map(|entry| ImageEntry::parse(entry))
            .collect()
    }

    /// The registries that a build may pull from, `host[:port]`.
    #[must_use]
    pub fn registries(&self) -> BTreeSet<String> {
        let granted = self
            .images()
            .iter()
            .map(|image| image.registry().to_owned())
            .collect::<Vec<_>>();
        let built = self.bases.iter().filter_map(|base| base.split('/').next());
        built.map(str::to_owned).chain(granted).collect()
    }

    /// The entries of one kind that recipe, app and operator all name.
    #[must_use]
    pub fn entries(&self, kind: Kind) -> Vec<String> {
        self.policy.effective(kind)
    }
}
