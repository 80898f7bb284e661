//! The place that a recipe's component is read from.

use std::path::{Path, PathBuf};

/// A component's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComponentSource {
    /// A file.
    File(PathBuf),
    /// The program itself.
    Program {
        /// The name by which messages call it.
        name: PathBuf,
        /// The component.
        bytes: &'static [u8],
    },
}

impl ComponentSource {
    /// The name by which messages call it: the file's path, where it is one.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Program { name, .. } => name,
        }
    }
}
