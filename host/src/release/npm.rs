//! Releases of npm packages (npm registry API, "package metadata").

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use semver::Version;
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::npmrc::{self, NpmRegistry};
use super::releases::{Asset, Release};
use super::status_error;
use crate::fetch::{show, transport};
use crate::recipe::CallError;

/// Tries in all.
const ATTEMPTS: u32 = 3;

type Answer = Arc<OnceCell<Arc<[Release]>>>;

/// Reads package metadata, once for each package.
#[derive(Debug, Clone)]
pub(super) struct Npm {
    http: reqwest::Client,
    answers: Arc<Mutex<HashMap<String, Answer>>>,
}

/// The parts of a package document that are used.
#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    versions: BTreeMap<String, PackageVersion>,
    #[serde(default)]
    time: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct PackageVersion {
    dist: Dist,
    license: Option<serde_json::Value>,
    description: Option<String>,
    homepage: Option<String>,
    deprecated: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Dist {
    tarball: String,
    integrity: Option<String>,
}

impl Npm {
    pub(super) fn new(http: reqwest::Client) -> Self {
        Self {
            http,
            answers: Arc::default(),
        }
    }

    /// All releases of a package, newest version first.
    pub(super) async fn releases(&self, package: &str) -> Result<Arc<[Release]>, CallError> {
        let answer = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(answers.entry(package.to_owned()).or_default())
        };
        answer
            .get_or_try_init(|| self.read(package))
            .await
            .map(Arc::clone)
    }

    async fn read(&self, package: &str) -> Result<Arc<[Release]>, CallError> {
        let registry = npmrc::resolve(package).await?;
        let mut attempt = 1;
        let body = loop {
            match self.get(&registry, package).await {
                Ok(body) => break body,
                Err((error, true)) if attempt < ATTEMPTS => {
                    tracing::info!("{error}; trying again");
                    tokio::time::sleep(Duration::from_millis(300) * 2u32.pow(attempt)).await;
                    attempt += 1;
                }
                Err((CallError::NotFound(_), _)) => {
                    return Err(CallError::NotFound(format!(
                        "npm has no package `{package}`"
                    )));
                }
                Err((error, _)) => return Err(error),
            }
        };
        let package_document: Package = serde_json::from_slice(&body).map_err(|error| {
            CallError::Unavailable(format!(
                "npm's answer for `{package}` is malformed: {error}"
            ))
        })?;
        Ok(releases(package_document))
    }

    async fn get(
        &self,
        registry: &NpmRegistry,
        package: &str,
    ) -> Result<bytes::Bytes, (CallError, bool)> {
        // A scope's slash is part of the name, not of the path.
        let url = registry
            .url
            .join(&package.replace('/', "%2f"))
            .map_err(|error| (CallError::InvalidInput(error.to_string()), false))?;
        let shown = show(&url);
        let mut request = self.http.get(url);
        if let Some(token) = &registry.token {
            request = request.bearer_auth(token);
        }
        let failed = |error: reqwest::Error| (transport(&shown, &error), true);
        let response = request.send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(status_error(&shown, response.status()));
        }
        response.bytes().await.map_err(failed)
    }
}

fn releases(package: Package) -> Arc<[Release]> {
    let Package { versions, time } = package;
    let mut found: Vec<(Version, Release)> = versions
        .into_iter()
        .filter_map(|(tag, version)| {
            let number = Version::parse(&tag).ok()?;
            let text = |value: Option<serde_json::Value>| match value {
                Some(serde_json::Value::String(text)) if !text.is_empty() => Some(text),
                _ => None,
            };
            let extras = [
                ("license", text(version.license)),
                ("description", version.description),
                ("homepage", version.homepage),
                ("deprecated", text(version.deprecated)),
            ];
            let url = version.dist.tarball;
            let release = Release {
                prerelease: !number.pre.is_empty(),
                published: time
                    .get(&tag)
                    .and_then(|time| time.as_str())
                    .map(str::to_owned),
                assets: vec![Asset {
                    name: url.rsplit('/').next().unwrap_or_default().to_owned(),
                    url,
                    size: None,
                    integrity: version.dist.integrity,
                }],
                extras: extras
                    .into_iter()
                    .filter_map(|(key, value)| Some((key.to_owned(), value?)))
                    .collect(),
                tag,
            };
            Some((number, release))
        })
        .collect();
    found.sort_by_cached_key(|(number, _)| Reverse(number.clone()));
    found.into_iter().map(|(_, release)| release).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_version_first_whatever_the_date() {
        let version = |n: &str| {
            format!(
                r#""{n}":{{"dist":{{"tarball":"http://x.example/p-{n}.tgz","integrity":"sha512-x"}},"license":"MIT"}}"#
            )
        };
        let json = format!(
            r#"{{"name":"p","time":{{"created":"2020","9.11.9":"2025-01-03T00:00:00Z","10.5.0":"2025-01-01T00:00:00Z","9.0.0":{{"odd":1}}}},"versions":{{{},{},{},{}}}}}"#,
            version("9.11.9"),
            version("10.5.0"),
            version("10.6.0-rc1"),
            version("not-a-version")
        );
        let releases = releases(serde_json::from_str(&json).unwrap());
        let tags: Vec<_> = releases
            .iter()
            .map(|r| (r.tag.as_str(), r.prerelease))
            .collect();
        assert_eq!(
            tags,
            [("10.6.0-rc1", true), ("10.5.0", false), ("9.11.9", false)]
        );
        assert_eq!(releases[1].assets[0].name, "p-10.5.0.tgz");
        assert_eq!(
            releases[1].published.as_deref(),
            Some("2025-01-01T00:00:00Z")
        );
        assert_eq!(
            releases[1].extras,
            [("license".to_owned(), "MIT".to_owned())]
        );
    }
}
