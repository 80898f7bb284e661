//! npm packages as releases (npm registry API, "package metadata").
//!
//! One request a package: the full document, since the abbreviated one has no
//! times.

use std::collections::HashMap;
use std::time::Duration;

use bakehouse_core::recipe::CallError;
use bakehouse_system::http::body::Bounds;
use bakehouse_system::http::client::{Attempt, Tries, body, send, shown};
use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use url::Url;

use super::npmrc::NpmConfig;
use super::{Asset, Release};

const IDLE: Duration = Duration::from_secs(30);
/// Several times the largest document that there is.
const BOUNDS: Bounds = Bounds {
    bytes: 256 << 20,
    silence: IDLE,
    whole: Duration::from_secs(180),
};

/// Reads npm registries.
#[derive(Debug)]
pub(super) struct Npm {
    http: reqwest::Client,
    config: NpmConfig,
}

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

impl Npm {
    pub(super) const fn new(http: reqwest::Client, config: NpmConfig) -> Self {
        Self { http, config }
    }

    /// All versions of a package, in no order.
    pub(super) async fn all(&self, name: &str) -> Result<Vec<Release>, CallError> {
        let path = encoded(name)?;
        let registry = self.config.registry_of(name).await?;
        let url = Url::parse(&format!("{registry}{path}"))
            .map_err(|e| CallError::InvalidInput(format!("npm package {name}: {e}")))?;
        let mut tries = Tries::default();
        let bytes = loop {
            match self.request(&url).await {
                Ok(bytes) => break bytes,
                Err(Attempt::Final(CallError::NotFound(_))) => {
                    return Err(CallError::NotFound(format!("npm has no package {name}")));
                }
                Err(failed) => tries.pause_or_fail(failed).await?,
            }
        };
        let document: Document = serde_json::from_slice(&bytes).map_err(|e| {
            CallError::Unavailable(format!("{}: not npm's package metadata: {e}", shown(&url)))
        })?;
        let all = releases(name, &document);
        if all.is_empty() {
            let why = match document.time.contains_key("unpublished") {
                true => "was unpublished",
                false => "has no versions",
            };
            return Err(CallError::NotFound(format!("npm's {name} {why}")));
        }
        Ok(all)
    }

    async fn request(&self, url: &Url) -> Result<Bytes, Attempt> {
        let what = shown(url);
        let mut request = self
            .http
            .get(url.clone())
            .header(ACCEPT, "application/json");
        if let Some(authorization) = self.config.authorization(url) {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = send(request, &what, IDLE).await?;
        body(response, &what, BOUNDS).await
    }
}

#[cfg(feature = "fuzzing")]
/// What a package's document lists.
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
fn encoded(name: &str) -> Result<String, CallError> {
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
        _ => Err(CallError::InvalidInput(format!(
            "`{name}` is not the name of an npm package"
        ))),
    }
}

#[cfg(test)]
#[path = "npm_tests.rs"]
mod tests;
