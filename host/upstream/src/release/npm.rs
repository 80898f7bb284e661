//! npm packages as releases (npm registry API, "package metadata").
//!
//! One request a package: the full document, since the abbreviated one has no
//! times.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bakehouse_system::http::HttpError;
use bakehouse_system::http::body::Bounds;
use bakehouse_system::http::redirect::Redirects;
use bakehouse_system::http::request::{accept, body, exchange, shown};
use bakehouse_system::http::retry::{Backoff, PATIENCE, Retry};
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use url::Url;

use super::kind::{Reach, ReleaseSource, SourceKind};
use super::{Asset, Release, ReleaseError};

const IDLE: Duration = Duration::from_secs(30);
/// Several times the largest document that there is.
const BOUNDS: Bounds = Bounds {
    bytes: 256 << 20,
    silence: IDLE,
    whole: Duration::from_secs(180),
};

/// `npm:PACKAGE`
pub(super) const KIND: SourceKind = SourceKind {
    name: "npm",
    form: "PACKAGE",
    parse: |name| {
        let package = (!name.is_empty()).then(|| Package(name.to_owned()));
        Ok(package.map(|package| Arc::new(package) as _))
    },
};

/// A package, by name.
struct Package(String);

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default)]
    versions: HashMap<String, Listed>,
    #[serde(default)]
    time: HashMap<String, Value>,
}

/// One version; only what is used of it stays in memory, for documents are large.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Listed {
    Version(Manifest),
    /// One without a usable tarball.
    Other(IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct Manifest {
    dist: Dist,
    #[serde(default)]
    license: Value,
    #[serde(default)]
    description: Value,
    #[serde(default)]
    homepage: Value,
    #[serde(default)]
    deprecated: Value,
}

#[derive(Debug, Deserialize)]
struct Dist {
    tarball: String,
    #[serde(default)]
    integrity: Value,
}

#[async_trait]
impl ReleaseSource for Package {
    /// All versions of a package.
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError> {
        let name = self.0.as_str();
        let path = encoded(name)?;
        let registry = reach.npm.registry_of(name).await?;
        let url = Url::parse(&format!("{registry}{path}"));
        let url = url.map_err(|source| ReleaseError::PackageAddress {
            name: name.to_owned(),
            source,
        })?;
        let what = shown(&url);
        let failed = |source: HttpError| ReleaseError::Http {
            what: what.clone(),
            source,
        };
        let backoff = Backoff::UPSTREAM;
        let mut retry = Retry::new(&what, backoff, PATIENCE, &reach.pauses, &*reach.reporter);
        let bytes = loop {
            match request(reach, &url, &mut retry).await {
                Ok(bytes) => break bytes,
                Err(error) if error.is_absent() => {
                    return Err(ReleaseError::NoPackage(name.to_owned()));
                }
                Err(error) => retry.again(failed(error)).await?,
            }
        };
        let document: Document =
            serde_json::from_slice(&bytes).map_err(|source| ReleaseError::Malformed {
                what: what.clone(),
                expected: "npm's package metadata",
                source,
            })?;
        let all = releases(name, &document);
        if all.is_empty() {
            let why = match document.time.contains_key("unpublished") {
                true => "was unpublished",
                false => "has no versions",
            };
            let name = name.to_owned();
            return Err(ReleaseError::EmptyPackage { name, why });
        }
        Ok(all)
    }
}

async fn request(reach: &Reach, url: &Url, retry: &mut Retry<'_>) -> Result<Bytes, HttpError> {
    let mut at = url.clone();
    let mut redirects = Redirects::default();
    loop {
        let server = at.origin().ascii_serialization();
        retry.turn(&server).await?;
        let mut request = reach
            .http
            .get(at.clone())
            .header(ACCEPT, "application/json");
        // That of the registry which it is configured for, and no other.
        if let Some(authorization) = reach.npm.authorization(&at) {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = exchange(request, IDLE).await?;
        if let Some(to) =
            redirects.next(&Method::GET, &at, response.status(), response.headers())?
        {
            at = to;
            continue;
        }
        let accepted = accept(response);
        if let Err(HttpError::Busy { pause }) = accepted {
            retry.refused(&server, pause);
        }
        return body(accepted?, BOUNDS).await;
    }
}

/// What a package's document lists.
#[cfg(feature = "fuzzing")]
pub(super) fn document(json: &[u8]) -> Vec<Release> {
    let document = serde_json::from_slice::<Document>(json);
    document.map_or_else(|_| Vec::new(), |document| releases("fuzz", &document))
}

/// Versions that can be downloaded. One that is malformed is left out.
fn releases(name: &str, document: &Document) -> Vec<Release> {
    let found = |(tag, listed): (&String, &Listed)| {
        let Listed::Version(manifest) = listed else {
            return None;
        };
        let url = Url::parse(&manifest.dist.tarball).ok()?;
        let facts = [
            ("license", &manifest.license),
            ("description", &manifest.description),
            ("homepage", &manifest.homepage),
            ("deprecated", &manifest.deprecated),
        ];
        let extras = facts
            .into_iter()
            .filter_map(|(fact, value)| Some((fact.to_owned(), plain(value)?)));
        let asset = Asset {
            // What npm calls a size is that of the unpacked files.
            size: None,
            integrity: manifest.dist.integrity.as_str().map(str::to_owned),
            ..Asset::at(url.path_segments()?.next_back()?, url.as_str())?
        };
        Some(Release {
            published: document.time.get(tag).and_then(plain),
            assets: vec![asset],
            extras: extras.collect(),
            ..Release::tag(tag)
        })
    };
    let all: Vec<_> = document.versions.iter().filter_map(found).collect();
    if all.len() < document.versions.len() {
        let left = document.versions.len() - all.len();
        tracing::debug!(name, left, "npm versions without a usable tarball");
    }
    all
}

/// A text, or the `type` or `name` of an old-style object.
fn plain(value: &Value) -> Option<String> {
    let text = value
        .as_str()
        .or_else(|| value.get("type")?.as_str())
        .or_else(|| value.get("name")?.as_str());
    match text {
        Some(text) if !text.is_empty() => Some(text.to_owned()),
        _ => (value == &Value::Bool(true)).then(|| "true".to_owned()),
    }
}

/// The package's path below the registry, `@scope%2fname` for scoped ones.
fn encoded(name: &str) -> Result<String, ReleaseError> {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
    };
    match name.strip_prefix('@').and_then(|rest| rest.split_once('/')) {
        Some((scope, rest)) if part(scope) && part(rest) => Ok(format!("@{scope}%2f{rest}")),
        None if part(name) => Ok(name.to_owned()),
        _ => Err(ReleaseError::PackageName(name.to_owned())),
    }
}

#[cfg(test)]
#[path = "npm_tests.rs"]
mod tests;
