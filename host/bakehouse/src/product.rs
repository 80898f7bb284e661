//! The place that this program was released from.
//!
//! A release is built with `BAKEHOUSE_REPOSITORY` (`OWNER/REPO` on GitHub) and
//! `BAKEHOUSE_RELEASE` (its tag, `vN`). A program that was built by hand knows
//! neither, and says so where it needs them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// A release of Bakehouse: whose workflows are called, and pages read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// `OWNER/REPO` on GitHub.
    repository: String,
    /// The release's tag.
    tag: String,
}

/// A text that is no release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no release: write OWNER/REPO@vN, a repository on GitHub and a tag", .0.escape_debug())]
pub struct ProductError(String);

impl Product {
    /// The release that this program is of; none where it was built by hand.
    #[must_use]
    pub fn own() -> Option<Self> {
        let repository = option_env!("BAKEHOUSE_REPOSITORY").unwrap_or_default();
        let tag = option_env!("BAKEHOUSE_RELEASE").unwrap_or_default();
        Self::new(repository, tag)
    }

    fn new(repository: &str, tag: &str) -> Option<Self> {
        let (owner, name) = repository.split_once('/')?;
        let fits = is_name(owner) && is_name(name) && is_name(tag);
        fits.then(|| Self {
            repository: repository.to_owned(),
            tag: tag.to_owned(),
        })
    }

    /// The workflow that publishes, as a caller's `uses` names it.
    #[must_use]
    pub fn publish_workflow(&self) -> String {
        format!(
            "{}/.github/workflows/publish.yml@{}",
            self.repository, self.tag
        )
    }

    /// The SDK at this release, as a dependency in a `Cargo.toml`.
    #[must_use]
    pub fn sdk(&self) -> String {
        let (repository, tag) = (&self.repository, &self.tag);
        let commit = tag.len() == 40 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
        let key = if commit { "rev" } else { "tag" };
        format!("{{ git = \"https://github.com/{repository}\", {key} = \"{tag}\" }}")
    }

    fn page(&self, name: &str) -> String {
        format!(
            "https://github.com/{}/blob/{}/docs/{name}.md",
            self.repository, self.tag
        )
    }
}

/// A page of the documentation, by its name: its address, where that is known.
#[must_use]
pub fn page(name: &str) -> String {
    match Product::own() {
        Some(product) => product.page(name),
        None => format!("Bakehouse's page `{name}`"),
    }
}

/// Whether GitHub has owners, repositories or tags of this name, as far as
/// workflows can name them.
fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.bytes().all(fits) && name.bytes().any(|byte| byte != b'.')
}

impl FromStr for Product {
    type Err = ProductError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('@');
        let product = parts.and_then(|(repository, tag)| Self::new(repository, tag));
        product.ok_or_else(|| ProductError(text.to_owned()))
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.tag)
    }
}

impl<'de> Deserialize<'de> for Product {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_a_repository_and_a_tag() {
        let product: Product = "acme/bake-house.2@v1.4.0".parse().unwrap();
        assert_eq!(
            product.publish_workflow(),
            "acme/bake-house.2/.github/workflows/publish.yml@v1.4.0"
        );
        let page = "https://github.com/acme/bake-house.2/blob/v1.4.0/docs/configuration.md";
        assert_eq!(product.page("configuration"), page);
        assert_eq!(product.to_string(), "acme/bake-house.2@v1.4.0");
        let sdk = "{ git = \"https://github.com/acme/bake-house.2\", tag = \"v1.4.0\" }";
        assert_eq!(product.sdk(), sdk);
        let commit: Product = format!("acme/x@{}", "0".repeat(40)).parse().unwrap();
        assert!(commit.sdk().contains(", rev = \"000"));
        for text in [
            "",
            "@",
            "acme",
            "acme/x",
            "acme/x@",
            "/x@v1",
            "acme/@v1",
            "a/b/c@v1",
            "a/b@v1@v2",
            "a/..@v1",
            "a b/c@v1",
            "a/b@v1 #",
            "https://github.com/a/b@v1",
            "a/b@v1\n",
        ] {
            assert!(text.parse::<Product>().is_err(), "{text}");
        }
    }
}
