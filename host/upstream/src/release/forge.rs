//! Common parts of GitHub and Gitea, whose API follows GitHub's.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::lenient::{list, or_default};
use super::model::{extras, notes};
use super::{Asset, Release};

/// A release with files as one of them describes them.
#[derive(Debug, Deserialize)]
#[serde(bound = "F: DeserializeOwned")]
pub(super) struct Listed<F> {
    tag_name: String,
    name: Option<String>,
    body: Option<String>,
    html_url: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    draft: bool,
    #[serde(default, deserialize_with = "or_default")]
    prerelease: bool,
    published_at: Option<String>,
    #[serde(default = "Vec::new", deserialize_with = "list")]
    assets: Vec<F>,
}

impl<F> Listed<F> {
    /// The release, with the files that are assets; none for a draft.
    pub(super) fn release(self, asset: impl FnMut(F) -> Option<Asset>) -> Option<Release> {
        if self.draft {
            return None;
        }
        Some(Release {
            prerelease: self.prerelease,
            published: self.published_at,
            assets: self.assets.into_iter().filter_map(asset).collect(),
            extras: extras([
                ("name", self.name),
                ("url", self.html_url),
                ("notes", self.body.map(notes)),
            ]),
            ..Release::tag(self.tag_name)
        })
    }
}

/// `repos/OWNER/NAME/...`
pub(super) fn path<'p>(repository: &'p str, rest: &[&'p str]) -> Vec<&'p str> {
    let names = repository.split('/');
    ["repos"]
        .into_iter()
        .chain(names)
        .chain(rest.iter().copied())
        .collect()
}
