//! npm packages as releases (npm registry API, "package metadata").
//!
//! One request a package: the full document, since the abbreviated one has no
//! times. It may have many megabytes, so what is used of it is kept, and asked for
//! conditionally the next time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bakehouse_system::http::HttpError;
use bakehouse_system::http::body::Bounds;
use bakehouse_system::http::page;
use bakehouse_system::http::redirect::Redirects;
use bakehouse_system::http::request::{accept, body, chunk, exchange, shown};
use bakehouse_system::http::retry::{Backoff, PATIENCE, Retry};
use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::error::unreadable;
use super::kind::{Reach, ReleaseSource, SourceKind};
use super::lenient::{Entry, or_default};
use super::response_cache::CachedResponse;
use super::{About, Asset, Machines, PlatformSource, Release, ReleaseError};

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

/// Only what is used of a package stays in memory, for documents are large.
#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default, deserialize_with = "or_default")]
    versions: HashMap<String, Entry<Manifest>>,
    #[serde(default, deserialize_with = "or_default")]
    time: HashMap<String, Value>,
}

/// The part of a document that is kept: the same form, with less in it.
#[derive(Serialize)]
struct Kept<'a> {
    versions: BTreeMap<&'a String, &'a Manifest>,
    time: &'a HashMap<String, Value>,
}

impl Document {
    fn kept(&self) -> serde_json::Result<String> {
        let versions = self
            .versions
            .iter()
            .filter_map(|(tag, listed)| match listed {
                Entry::Known(manifest) => Some((tag, manifest)),
                Entry::Other(_) => None,
            });
        serde_json::to_string(&Kept {
            versions: versions.collect(),
            time: &self.time,
        })
    }
}

#[derive(Debug, Deserialize, Serialize)]
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

#[derive(Debug, Deserialize, Serialize)]
struct Dist {
    tarball: String,
    #[serde(default)]
    integrity: Value,
}

/// The document again, for what one version says of itself.
#[derive(Debug, Deserialize)]
struct Described {
    #[serde(default, deserialize_with = "or_default")]
    versions: HashMap<String, Value>,
}

/// The fields of `package.json` that tell of a version, whatever they are.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Said {
    license: Value,
    description: Value,
    homepage: Value,
    bin: Value,
    optional_dependencies: Value,
    os: Value,
    cpu: Value,
    libc: Value,
}

#[async_trait]
impl ReleaseSource for Package {
    /// All versions of a package.
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError> {
        let name = self.0.as_str();
        let url = self.address(reach).await?;
        let what = shown(&url);
        let authorized = reach.npm.authorization(&url).is_some();
        let kept = reach.api.load(&url, authorized).await.and_then(|kept| {
            let document = serde_json::from_str::<Document>(&kept.body).ok()?;
            Some((kept, document))
        });
        let condition = kept.as_ref().map(|(kept, _)| kept);
        let answered = self.ask(reach, &url, condition).await?;
        let document = match (answered, kept) {
            (Answered::Unchanged, Some((_, document))) => document,
            (Answered::Unchanged, None) => return Err(ReleaseError::Unasked { what }),
            (Answered::Fresh(headers, bytes), _) => {
                let document: Document = read(&what, &bytes)?;
                drop(bytes);
                if let Ok(text) = document.kept() {
                    let kept = CachedResponse::new(&url, authorized, text);
                    reach.api.store(kept, &headers).await;
                }
                document
            }
        };
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

    /// The facts that the version's `package.json` tells; of an answer that is kept
    /// nothing of it is left.
    async fn about(&self, reach: &Reach, tag: &str) -> Result<About, ReleaseError> {
        let url = self.address(reach).await?;
        let what = shown(&url);
        let Answered::Fresh(_, bytes) = self.ask(reach, &url, None).await? else {
            return Err(ReleaseError::Unasked { what });
        };
        let mut document: Described = read(&what, &bytes)?;
        let said = document.versions.remove(tag).unwrap_or_default();
        let said = serde_json::from_value::<Said>(said).unwrap_or_default();
        Ok(about(&self.0, &said))
    }

    /// Asks for its document, and reads the beginning alone.
    async fn probe(&self, reach: &Reach) -> Result<(), ReleaseError> {
        let url = self.address(reach).await?;
        let what = shown(&url);
        let patience = Duration::ZERO;
        let mut retry = Retry::new(
            &what,
            Backoff::ONCE,
            patience,
            &reach.pauses,
            &*reach.reporter,
        );
        loop {
            let begun = match open(reach, &url, None, &mut retry).await {
                Ok(Some(mut response)) => chunk(&mut response, IDLE).await,
                Ok(None) => return Err(ReleaseError::Unasked { what }),
                Err(error) => Err(error),
            };
            match begun {
                Ok(Some(begin)) if page::is_page(&begin) => {
                    let title = page::title(&begin);
                    return Err(ReleaseError::Page { what, title });
                }
                Ok(_) => return Ok(()),
                Err(error) => retry.again(self.failed(&what, error)).await?,
            }
        }
    }
}

impl Package {
    /// The URL of its document.
    async fn address(&self, reach: &Reach) -> Result<Url, ReleaseError> {
        let name = self.0.as_str();
        let path = encoded(name)?;
        let registry = reach.npm.registry_of(name).await?;
        let url = Url::parse(&format!("{registry}{path}"));
        url.map_err(|source| ReleaseError::PackageAddress {
            name: name.to_owned(),
            source,
        })
    }

    /// Asks for its document until there is an answer.
    async fn ask(
        &self,
        reach: &Reach,
        url: &Url,
        condition: Option<&CachedResponse>,
    ) -> Result<Answered, ReleaseError> {
        let what = shown(url);
        let backoff = Backoff::UPSTREAM;
        let mut retry = Retry::new(&what, backoff, PATIENCE, &reach.pauses, &*reach.reporter);
        loop {
            match request(reach, url, condition, &mut retry).await {
                Ok(answered) => return Ok(answered),
                Err(error) => retry.again(self.failed(&what, error)).await?,
            }
        }
    }

    /// The error about its document.
    fn failed(&self, what: &str, source: HttpError) -> ReleaseError {
        match source {
            HttpError::NotFound => ReleaseError::NoPackage(self.0.clone()),
            source => ReleaseError::Http {
                what: what.to_owned(),
                source,
            },
        }
    }
}

fn read<D: DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<D, ReleaseError> {
    serde_json::from_slice(bytes)
        .map_err(|source| unreadable(what, "npm's package metadata", bytes, source))
}

/// The registry's answer about a package.
enum Answered {
    /// The same as before.
    Unchanged,
    Fresh(HeaderMap, Bytes),
}

/// Asks for what changed since `condition`.
async fn request(
    reach: &Reach,
    url: &Url,
    condition: Option<&CachedResponse>,
    retry: &mut Retry<'_>,
) -> Result<Answered, HttpError> {
    let Some(response) = open(reach, url, condition, retry).await? else {
        return Ok(Answered::Unchanged);
    };
    let headers = response.headers().clone();
    Ok(Answered::Fresh(headers, body(response, BOUNDS).await?))
}

/// The answer, unread; none where nothing changed since `condition`.
async fn open(
    reach: &Reach,
    url: &Url,
    condition: Option<&CachedResponse>,
    retry: &mut Retry<'_>,
) -> Result<Option<Response>, HttpError> {
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
        if let Some(etag) = condition.and_then(|kept| kept.etag.as_ref()) {
            request = request.header(IF_NONE_MATCH, etag);
        } else if let Some(date) = condition.and_then(|kept| kept.last_modified.as_ref()) {
            request = request.header(IF_MODIFIED_SINCE, date);
        }
        let response = exchange(request, IDLE).await?;
        if condition.is_some() && response.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
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
        return Ok(Some(accepted?));
    }
}

fn about(name: &str, said: &Said) -> About {
    let keys = |value: &Value| -> Vec<String> {
        let keys = value.as_object().into_iter().flatten();
        keys.map(|(key, _)| key.clone()).collect()
    };
    let texts = |value: &Value| -> Vec<String> {
        match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(all) => all.iter().filter_map(plain).collect(),
            _ => Vec::new(),
        }
    };
    let parts = said.optional_dependencies.as_object().into_iter().flatten();
    let parts = parts.map(|(part, version)| PlatformSource {
        source: format!("{}:{part}", KIND.name),
        version: plain(version).unwrap_or_default(),
    });
    About {
        programs: match &said.bin {
            // The one program is called as the package, without its scope.
            Value::String(_) => name
                .rsplit('/')
                .next()
                .map(str::to_owned)
                .into_iter()
                .collect(),
            table => keys(table),
        },
        parts: parts.collect(),
        machines: Machines {
            os: texts(&said.os),
            cpu: texts(&said.cpu),
            libc: texts(&said.libc),
        },
        ..About::of(
            plain(&said.license),
            plain(&said.description),
            plain(&said.homepage),
        )
    }
}

/// The releases that a package's document lists.
#[cfg(feature = "fuzzing")]
pub(super) fn document(json: &[u8]) -> Vec<Release> {
    let document = serde_json::from_slice::<Document>(json);
    document.map_or_else(|_| Vec::new(), |document| releases("fuzz", &document))
}

/// Versions that can be downloaded. One that is malformed is left out.
fn releases(name: &str, document: &Document) -> Vec<Release> {
    let found = |(tag, listed): (&String, &Entry<Manifest>)| {
        let Entry::Known(manifest) = listed else {
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
