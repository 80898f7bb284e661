//! A release and its files.

use url::Url;

/// One upstream release (the contract's `release.release`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The source's own name for it.
    pub tag: String,
    /// The version number in the tag.
    pub version: String,
    /// Not for general use.
    pub prerelease: bool,
    /// RFC 3339.
    pub published: Option<String>,
    /// Its files.
    pub assets: Vec<Asset>,
    /// Facts some sources have.
    pub extras: Vec<(String, String)>,
}

impl Release {
    /// One that is nothing but a tag so far.
    pub(super) fn tag(tag: impl Into<String>) -> Self {
        Self {
            tag: tag.into(),
            version: String::new(),
            prerelease: false,
            published: None,
            assets: Vec::new(),
            extras: Vec::new(),
        }
    }
}

impl Release {
    /// Bytes of its texts.
    pub(super) fn weight(&self) -> usize {
        let extras = self
            .extras
            .iter()
            .map(|(name, fact)| name.len() + fact.len());
        let assets = self.assets.iter().map(|asset| {
            let integrity = asset.integrity.as_ref().map_or(0, String::len);
            size_of::<Asset>() + asset.name.len() + asset.url.len() + integrity
        });
        size_of::<Self>() + self.tag.len() + extras.sum::<usize>() + assets.sum::<usize>()
    }
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// File name.
    pub name: String,
    /// The URL that it is downloaded from.
    pub url: String,
    /// Bytes, where known.
    pub size: Option<u64>,
    /// Subresource Integrity or `sha256:HEX`, where known.
    pub integrity: Option<String>,
    /// Upstream only links to it: its host is not the source's own, so that it
    /// is not covered by the source's grant.
    pub elsewhere: bool,
}

impl Asset {
    /// One at this address; none if that is no address of the web.
    pub(super) fn at(name: &str, url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let name = name.rsplit('/').next().unwrap_or(name);
        matches!(url.scheme(), "http" | "https").then(|| Self {
            name: name.to_owned(),
            // In the form that downloads want.
            url: url.into(),
            size: None,
            integrity: None,
            elsewhere: false,
        })
    }
}

/// Release notes, as far as they are not longer than anybody reads.
pub(super) fn notes(mut text: String) -> String {
    const MOST: usize = 64 << 10;
    text.truncate(text.floor_char_boundary(MOST));
    text
}

/// Facts that are known, for `extras`.
pub(super) fn extras<const N: usize>(facts: [(&str, Option<String>); N]) -> Vec<(String, String)> {
    facts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}
