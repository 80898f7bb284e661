//! The key of one image of one version.

use super::plan::{ImagePlan, VersionPlan};

/// Names one image of one version within a run, whatever it is called in its
/// registry.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageKey {
    /// Image name.
    pub image: String,
    /// Version number.
    pub version: String,
}

impl ImageKey {
    /// The key of a planned image.
    #[must_use]
    pub fn of(version: &VersionPlan, image: &ImagePlan) -> Self {
        Self {
            image: image.image.clone(),
            version: version.version.number.clone(),
        }
    }
}
