//! The errors of merging images into an index.

use bakehouse_core::platform::{Platform, PlatformError};

use super::error::RegistryError;
use super::index::IndexError;

/// A version was not tagged. `name` is its reference, as people see it.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A request failed, or what is published already cannot be understood.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The images make no index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// An image's descriptor names something that is no platform.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// An image is for another platform than it was given for.
    #[error("{name} is not tagged: {digest}, given for {claimed}, is for {actual}")]
    OtherPlatform {
        /// The version.
        name: String,
        /// The image.
        digest: String,
        /// The platform that it was given for.
        claimed: Box<Platform>,
        /// The platform that its configuration names.
        actual: String,
    },
    /// An image has other labels than it must have.
    #[error("{name} is not tagged: the image {digest} {why}")]
    OtherLabels {
        /// The version.
        name: String,
        /// The image.
        digest: String,
        /// The first of them that is not as it must be, in words.
        why: String,
    },
    /// The registry does not have an image that was pushed before.
    #[error("{name} is not tagged: {digest} is not in the registry")]
    Lost {
        /// The version.
        name: String,
        /// The image.
        digest: String,
    },
    /// The registry does not have some of the images.
    #[error("{name} is not tagged: the registry does not have the image for {}", missing.join(", "))]
    Missing {
        /// The version.
        name: String,
        /// `PLATFORM (DIGEST)` of each.
        missing: Vec<String>,
    },
    /// A platform that is wanted has no image.
    #[error("{name} is not tagged: no image for {}", list(missing))]
    Incomplete {
        /// The version.
        name: String,
        /// The platforms without an image.
        missing: Vec<Platform>,
    },
    /// Another index is published than the one that was to be rebuilt.
    #[error("{name} shows {index} by now; the rebuild was planned for {planned}")]
    OtherIndex {
        /// The version.
        name: String,
        /// Digest of the index that is published.
        index: String,
        /// Digest of the index that was to be rebuilt.
        planned: String,
    },
    /// A published image would change, which nobody asked for.
    #[error("{name} has another image for {platform} already: {published}, not {given}")]
    Replaces {
        /// The version.
        name: String,
        /// The platform.
        platform: Box<Platform>,
        /// The image that is published.
        published: String,
        /// The image that was given.
        given: String,
    },
    /// The version has as many revisions as there may be.
    #[error("{name} has {most} revisions, and gets no more")]
    Revisions {
        /// The version.
        name: String,
        /// Their number.
        most: u64,
    },
    /// The tag of the next revision would be longer than tags are.
    #[error("{name} cannot be replaced: {tag} is too long for a tag")]
    LongTag {
        /// The version.
        name: String,
        /// The tag.
        tag: String,
    },
    /// Another run published the version in between.
    #[error("another run published {name} meanwhile")]
    Meanwhile {
        /// The version.
        name: String,
    },
}

fn list(platforms: &[Platform]) -> String {
    let texts: Vec<_> = platforms.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
