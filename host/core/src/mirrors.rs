//! Other places to fetch the same from: the `[mirrors]` table.
//!
//! Where upstream is only reached through a mirror, the operator says so once,
//! and recipes stay as they are. Grants are decided on the original name, before
//! anything here is asked.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use crate::loopback::is_private;

/// Beginnings of names, and what to fetch from instead. The longest beginning
/// that fits counts.
///
/// Names with `://` in them are URLs: of downloads, of git repositories, of
/// forges' pages. Others are image references, `HOST/PATH/`, written out:
/// `docker.io/library/` for Docker Hub's short names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct Mirrors {
    urls: Vec<Mirror>,
    images: Vec<Mirror>,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// The beginning of the names that the mirror serves.
    pub from: String,
    /// The beginning that takes its place at the mirror.
    pub to: String,
}

impl Mirror {
    /// The name at the mirror; none when it does not begin with `from`.
    #[must_use]
    pub fn name(&self, original: &str) -> Option<String> {
        let rest = original.strip_prefix(&self.from)?;
        Some(format!("{}{rest}", self.to))
    }
}

impl TryFrom<BTreeMap<String, String>> for Mirrors {
    type Error = String;

    fn try_from(table: BTreeMap<String, String>) -> Result<Self, String> {
        let mut mirrors = Self::default();
        for (from, to) in table {
            let is_url = from.contains("://");
            for text in [&from, &to] {
                let fault = if is_url {
                    url_fault(text)
                } else {
                    image_fault(text)
                };
                if let Some(fault) = fault {
                    return Err(format!("mirror of `{from}`: `{text}` {fault}"));
                }
            }
            let list = if is_url {
                &mut mirrors.urls
            } else {
                &mut mirrors.images
            };
            list.push(Mirror { from, to });
        }
        for list in [&mut mirrors.urls, &mut mirrors.images] {
            list.sort_by_key(|mirror| std::cmp::Reverse(mirror.from.len()));
        }
        Ok(mirrors)
    }
}

impl Mirrors {
    /// The URL from which a URL's content is fetched.
    #[must_use]
    pub fn url(&self, original: &Url) -> Url {
        let names = self.urls.iter().filter_map(|m| m.name(original.as_str()));
        names
            .filter_map(|name| Url::parse(&name).ok())
            .next()
            .unwrap_or_else(|| original.clone())
    }

    /// The reference by which an image is pulled; `reference` is written out.
    #[must_use]
    pub fn image(&self, reference: &str) -> String {
        let mut names = self.images.iter().filter_map(|m| m.name(reference));
        names.next().unwrap_or_else(|| reference.to_owned())
    }

    /// Mirrors of URLs, longest beginnings first.
    #[must_use]
    pub fn urls(&self) -> &[Mirror] {
        &self.urls
    }

    /// Mirrors of images, longest beginnings first.
    #[must_use]
    pub fn images(&self) -> &[Mirror] {
        &self.images
    }
}

/// The reason why this cannot be the beginning of URLs; none when it can.
fn url_fault(text: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(text) else {
        return Some("is not a URL");
    };
    if !is_private(&url) {
        return Some("is not https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("has a user or password in it");
    }
    if url.as_str() != text || !text.ends_with('/') {
        return Some("must be in normal form and end with `/`");
    }
    None
}

/// The reason why this cannot be the beginning of image references; none when it
/// can.
fn image_fault(text: &str) -> Option<&'static str> {
    let Some((host, _)) = text.split_once('/') else {
        return Some("must end with `/`");
    };
    if !text.ends_with('/') {
        return Some("must end with `/`");
    }
    if !host.contains(['.', ':']) && host != "localhost" {
        return Some("must begin with a registry's host, as docker.io/");
    }
    let image: Result<oci_client::Reference, _> = format!("{text}image").parse();
    image
        .is_err()
        .then_some("is not the beginning of an image reference")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirrors(text: &str) -> Result<Mirrors, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn the_longest_beginning_counts() {
        let mirrors = mirrors(
            r#"
            "https://a.example/" = "https://m.example/a/"
            "https://a.example/b/" = "http://127.0.0.1:8080/"
            "docker.io/" = "m.example:5000/hub/"
            "docker.io/library/" = "127.0.0.1:5000/"
            "#,
        )
        .unwrap();
        for (original, there) in [
            ("https://a.example/x?y=z", "https://m.example/a/x?y=z"),
            ("https://a.example/b/c", "http://127.0.0.1:8080/c"),
            ("https://a.example.evil/b/c", "https://a.example.evil/b/c"),
            ("http://a.example/b", "http://a.example/b"),
        ] {
            let url = Url::parse(original).unwrap();
            assert_eq!(mirrors.url(&url).as_str(), there);
        }
        for (original, there) in [
            (
                "docker.io/library/ubuntu:noble",
                "127.0.0.1:5000/ubuntu:noble",
            ),
            (
                "docker.io/acme/x@sha256:00",
                "m.example:5000/hub/acme/x@sha256:00",
            ),
            ("gcr.io/library/ubuntu", "gcr.io/library/ubuntu"),
        ] {
            assert_eq!(mirrors.image(original), there);
        }
        assert_eq!(mirrors.images()[0].from, "docker.io/library/");
    }

    #[test]
    fn says_what_cannot_be_one() {
        for (line, why) in [
            (
                r#""https://a.example" = "https://b.example/""#,
                "end with `/`",
            ),
            (
                r#""https://a.example/" = "http://b.example/""#,
                "is not https",
            ),
            (r#""https://a.example/" = "https://me@b.example/""#, "user"),
            (r#""https://a.example/" = "b.example/""#, "is not a URL"),
            (r#""docker.io" = "b.example/""#, "end with `/`"),
            (r#""library/" = "b.example/""#, "registry's host"),
            (
                r#""docker.io/" = "B.example/UPPER/""#,
                "beginning of an image",
            ),
        ] {
            let error = mirrors(line).unwrap_err();
            assert!(error.contains(why), "{line}: {error}");
        }
    }
}
