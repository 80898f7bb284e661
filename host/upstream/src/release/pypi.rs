//! Python packages as releases (the simple repository API in JSON, PEP 691 and
//! 700): wheels that carry programs, and sources.
//!
//! The public index has an API of its own for the same, which mirrors do not have.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::kind::{Reach, ReleaseSource, SourceKind};
use super::lenient::{list, or_default};
use super::{Asset, Release, ReleaseError};

/// Digits of SHA-256.
const SHA256: usize = 64;

/// `pypi:PACKAGE`
pub(super) const KIND: SourceKind = SourceKind {
    name: "pypi",
    form: "PACKAGE",
    parse: |name| {
        let package = is_name(name).then(|| Package(normalised(name)));
        Ok(package.map(|package| Arc::new(package) as _))
    },
};

/// A package, by its normalised name.
struct Package(String);

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(deserialize_with = "list")]
    files: Vec<File>,
}

/// A file of any version; only what is used of it stays in memory.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    filename: String,
    url: String,
    #[serde(default, deserialize_with = "or_default")]
    hashes: BTreeMap<String, String>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    upload_time: Option<String>,
    #[serde(default)]
    yanked: Value,
    #[serde(default)]
    requires_python: Value,
}

#[async_trait]
impl ReleaseSource for Package {
    /// All versions of a package that were not withdrawn.
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError> {
        let site = reach.pip.site()?;
        let url = site.url(&[&self.0, ""], &[]);
        let document = reach.api.get::<Document>(&site, &url).await?.value;
        let withdrawn = document.files.iter().any(File::is_yanked);
        let all = releases(&url, document.files);
        if all.is_empty() {
            return Err(ReleaseError::NoFiles {
                name: self.0.clone(),
                why: match withdrawn {
                    true => "has no files that were not withdrawn",
                    false => "has neither wheels nor sources",
                },
            });
        }
        Ok(all)
    }

    async fn probe(&self, reach: &Reach) -> Result<(), ReleaseError> {
        let site = reach.pip.site()?;
        let url = site.url(&[&self.0, ""], &[]);
        reach.api.once::<Document>(&site, &url).await.map(drop)
    }
}

impl File {
    /// Upstream withdrew it: `true`, or why (PEP 592).
    fn is_yanked(&self) -> bool {
        match &self.yanked {
            Value::Bool(yanked) => *yanked,
            Value::String(_) => true,
            _ => false,
        }
    }

    /// The file, as it is downloaded.
    fn asset(&self, page: &Url) -> Option<Asset> {
        // Indexes may name files relative to their own page.
        let url = page.join(&self.url).ok()?;
        let sha256 = self.hashes.get("sha256");
        let sha256 =
            sha256.filter(|hex| hex.len() == SHA256 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        Some(Asset {
            size: self.size,
            integrity: sha256.map(|hex| format!("sha256:{}", hex.to_ascii_lowercase())),
            ..Asset::at(&self.filename, url.as_str())?
        })
    }
}

/// Versions with files, each dated to its first one.
fn releases(page: &Url, files: Vec<File>) -> Vec<Release> {
    let mut found: BTreeMap<String, Release> = BTreeMap::new();
    for file in files {
        let Some(version) = version(&file.filename).filter(|_| !file.is_yanked()) else {
            continue;
        };
        let Some(asset) = file.asset(page) else {
            continue;
        };
        let release = found
            .entry(version.to_owned())
            .or_insert_with(|| Release::tag(version));
        release.assets.push(asset);
        if let Some(time) = file.upload_time
            && release.published.as_ref().is_none_or(|first| time < *first)
        {
            release.published = Some(time);
        }
        if release.extras.is_empty()
            && let Some(python) = file.requires_python.as_str()
        {
            release
                .extras
                .push(("requires-python".to_owned(), python.to_owned()));
        }
    }
    found.into_values().collect()
}

/// The version in a file's name: of a wheel (PEP 427), or of sources (PEP 625);
/// none in those of installers and eggs.
fn version(name: &str) -> Option<&str> {
    if let Some(wheel) = name.strip_suffix(".whl") {
        let parts: Vec<_> = wheel.split('-').collect();
        return match parts.as_slice() {
            [_, version, _, _, _] | [_, version, _, _, _, _] => Some(version),
            _ => None,
        };
    }
    let suffixes = [".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz"];
    let sources = suffixes.iter().find_map(|end| name.strip_suffix(end))?;
    let (_, version) = sources.rsplit_once('-')?;
    // `x86_64` of a build, and `beta` of what is named in older ways, are none.
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(version)
}

/// Whether a package can be called so (PEP 508).
fn is_name(name: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    edge(name.bytes().next())
        && edge(name.bytes().next_back())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// A name as indexes have it (PEP 503): `Foo._Bar` is `foo-bar`.
fn normalised(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    let parts: Vec<_> = parts.map(str::to_ascii_lowercase).collect();
    parts.join("-")
}

/// The releases that a package's page lists.
#[cfg(feature = "fuzzing")]
pub(super) fn document(page: &Url, json: &[u8]) -> Vec<Release> {
    let document = serde_json::from_slice::<Document>(json);
    document.map_or_else(|_| Vec::new(), |document| releases(page, document.files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_the_names_of_files() {
        for (name, wanted) in [
            (
                "ruff-0.14.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
                Some("0.14.0"),
            ),
            ("pkg-1.0rc1-2-py3-none-any.whl", Some("1.0rc1")),
            ("ruff-0.14.0.tar.gz", Some("0.14.0")),
            ("zope.interface-5.0.zip", Some("5.0")),
            ("old-name-1.0.tar.bz2", Some("1.0")),
            ("pkg-1.0.win32.exe", None),
            ("pkg-1.0-py3.9.egg", None),
            ("pkg-1.0.linux-x86_64.tar.gz", None),
            ("pkg.whl", None),
            ("README", None),
        ] {
            assert_eq!(version(name), wanted, "{name}");
        }
    }

    #[test]
    fn names_are_those_of_packages() {
        for name in ["ruff", "Foo._Bar", "a", "zope.interface", "3to2"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-a", "a-", "a/b", "a b", "..", "é", "a%2fb"] {
            assert!(!is_name(name), "{name}");
        }
        assert_eq!(normalised("Foo._-Bar"), "foo-bar");
    }

    #[test]
    fn files_that_cannot_be_downloaded_are_left_out() {
        let page = Url::parse("https://index.test/simple/p/").unwrap();
        let page_of = serde_json::json!({ "files": [
            { "filename": "p-1.0.tar.gz", "url": "../../files/p-1.0.tar.gz#x", "hashes": { "sha256": "A".repeat(64) } },
            { "filename": "p-1.0-py3-none-any.whl", "url": "https://files.test/p.whl", "hashes": { "md5": "0" } },
            { "filename": null, "url": "p-0.9.tar.gz" }, null,
            { "filename": "p-1.1.tar.gz", "url": "ftp://files.test/p", "hashes": {} },
            { "filename": "p-1.2.tar.gz", "url": "p-1.2.tar.gz", "yanked": "broken" },
            { "filename": "p-1.3.tar.gz", "url": "p-1.3.tar.gz", "yanked": "" },
            { "filename": "p-1.4.tar.gz", "url": "p-1.4.tar.gz", "yanked": true }
        ] });
        let document: Document = serde_json::from_value(page_of).unwrap();
        let found = releases(&page, document.files);
        let [release] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(release.tag, "1.0");
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(
            release.assets[0].integrity.as_deref(),
            Some(digest.as_str())
        );
        assert!(
            release.assets[0]
                .url
                .starts_with("https://index.test/files/p-1.0.tar.gz")
        );
        assert_eq!(release.assets[1].integrity, None);
    }
}
