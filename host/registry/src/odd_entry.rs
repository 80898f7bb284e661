//! An entry of an index that is of no image.

use oci_spec::image::Platform;
use serde_json::Value;

/// Characters that are shown of what a stranger wrote.
const SHOWN: usize = 80;

/// The reasons why an entry of an index counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OddEntry {
    /// It is something else.
    #[error("it is no descriptor")]
    NoDescriptor,
    /// It points at nothing that can be verified.
    #[error("`{0}` is not a digest")]
    Digest(String),
    /// It has a size that nothing has.
    #[error("`{0}` is not a size")]
    Size(String),
    /// It does not say which platform it is for.
    #[error("it names no platform")]
    NoPlatform,
    /// It is for a platform that is none.
    #[error("`{0}` is not a platform")]
    Platform(String),
}

impl OddEntry {
    pub(super) fn digest(text: &str) -> Self {
        Self::Digest(shown(text))
    }

    pub(super) fn platform(platform: &Platform) -> Self {
        Self::Platform(shown(&format!(
            "{}/{}",
            platform.os(),
            platform.architecture()
        )))
    }

    pub(super) fn size(size: Option<&Value>) -> Self {
        Self::Size(size.map_or_else(String::new, |size| shown(&size.to_string())))
    }
}

/// The beginning of a text that may be anything, in one line.
pub(super) fn shown(text: &str) -> String {
    let shown = text.chars().take(SHOWN).flat_map(char::escape_debug);
    shown.collect()
}
