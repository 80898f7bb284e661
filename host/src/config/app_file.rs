//! `apps/<app>/app.toml`.

use serde::Deserialize;

use crate::grants::{Grants, Places};
use crate::recipe::Options;

/// One app: the file `apps/<app>/app.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AppFile {
    /// The recipe: the name of a crate in `plugins/`, or the path of a `.wasm`
    /// file relative to the app's folder.
    pub recipe: String,
    /// How its images are tagged.
    #[serde(default)]
    pub tags: TagPolicy,
    /// Choices that its recipe leaves to the app.
    #[serde(default)]
    pub options: Options,
    /// What its recipe may reach.
    #[serde(default)]
    pub grants: Grants,
    /// Where its grants are written.
    #[serde(skip)]
    pub places: Places,
}

/// Which tags an app's indexes get beside `{version}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TagPolicy {
    /// Moving tags, in the order they are set: `latest`, `{major}`,
    /// `{major}.{minor}`.
    pub moving: Vec<String>,
}

impl Default for TagPolicy {
    fn default() -> Self {
        Self {
            moving: vec!["latest".to_owned()],
        }
    }
}
