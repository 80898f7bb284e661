//! The standing with a forge: whether it knows our token, and how much may still
//! be asked.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bakehouse_system::http::request::shown;
use bakehouse_system::http::{client, server_time};
use reqwest::header::{DATE, HeaderMap};
use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use super::ReleaseError;
use super::access::{ForgeAccess, Site};
use super::error::unreadable;
use super::exchange::{Answered, Exchange};
use super::rate_limit::number;
use super::repository::Repository;

/// Our standing with a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Requests that may still be made; none where the forge says nothing of it.
    pub quota: Option<Quota>,
    /// The forge's clock, where it tells.
    pub time: Option<SystemTime>,
}

/// Requests in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// In the whole period.
    pub limit: u64,
    /// Left in it.
    pub remaining: u64,
    /// The time at which the next one begins.
    pub reset: SystemTime,
}

/// A forge that releases are read from.
#[derive(Debug, Clone)]
pub struct Forge {
    kind: &'static str,
    site: Site,
}

/// GitHub's "Get rate limit status for the authenticated user".
#[derive(Deserialize)]
struct RateLimits {
    resources: Resources,
}

#[derive(Deserialize)]
struct Resources {
    core: Core,
}

#[derive(Deserialize)]
struct Core {
    limit: u64,
    remaining: u64,
    reset: u64,
}

/// The user of a token (GitLab's "Get the current user", Gitea's "userGetCurrent").
#[derive(Deserialize)]
struct User {
    #[serde(rename = "id")]
    _id: u64,
}

/// Gitea's "getVersion".
#[derive(Deserialize)]
struct Version {
    #[serde(rename = "version")]
    _version: String,
}

impl ForgeAccess {
    /// The forges that these release sources, or grants of them, are of.
    pub fn forges<'a>(&self, sources: impl IntoIterator<Item = &'a str>) -> Vec<Forge> {
        let forges: BTreeSet<(&str, &str)> = sources.into_iter().filter_map(forge).collect();
        let forges = forges.into_iter().filter_map(|(kind, host)| {
            let repository = Repository {
                host: host.to_owned(),
                path: String::new(),
            };
            let site = match kind {
                "github" => self.github(),
                "gitlab" => self.gitlab(&repository).ok()?,
                _ => self.gitea(&repository).ok()?,
            };
            Some(Forge { kind, site })
        });
        forges.collect()
    }
}

impl Forge {
    /// `host[:port]` of its API.
    #[must_use]
    pub fn host(&self) -> String {
        let base = &self.site.base;
        let host = base.host_str().unwrap_or_default();
        match base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// The variables that hold a token for it.
    #[must_use]
    pub const fn variables(&self) -> &'static str {
        self.site.variables
    }

    /// There is a token for it.
    #[must_use]
    pub const fn has_token(&self) -> bool {
        self.site.token.is_some()
    }

    /// Asks it how it knows us. One that says nothing for `idle` is not waited
    /// for.
    ///
    /// # Errors
    /// When it cannot be reached, does not know the token, or answers something else
    /// than its API does.
    pub async fn standing(&self, idle: Duration) -> Result<Standing, ReleaseError> {
        let url = self.question();
        let http = client::builder(client::CONNECT).build();
        let http = http.map_err(|error| ReleaseError::Http {
            what: self.host(),
            source: error.into(),
        })?;
        let exchange = Exchange::new(http, idle);
        match exchange.run(&self.site, &url, None).await? {
            Answered::Fresh(headers, body) => {
                let quota = self.quota(&body).map_err(|source| {
                    unreadable(&shown(&url), "what its API says", body.as_bytes(), source)
                })?;
                Ok(standing(quota, &headers))
            }
            Answered::Unchanged(headers) => Ok(standing(None, &headers)),
            Answered::Later(pause) => {
                let spent = Quota {
                    limit: 0,
                    remaining: 0,
                    reset: SystemTime::now() + pause,
                };
                Ok(standing(Some(spent), &HeaderMap::new()))
            }
        }
    }

    /// The quota in an answer to the [question](Self::question), where it is there.
    ///
    /// # Errors
    /// When it is no answer to it.
    fn quota(&self, body: &str) -> serde_json::Result<Option<Quota>> {
        match (self.kind, self.has_token()) {
            ("github", _) => of_body(body),
            (_, true) => serde_json::from_str::<User>(body).map(|_| None),
            ("gitlab", false) => serde_json::from_str::<Vec<IgnoredAny>>(body).map(|_| None),
            (_, false) => serde_json::from_str::<Version>(body).map(|_| None),
        }
    }

    /// The question that costs it least.
    fn question(&self) -> Url {
        let site = &self.site;
        match (self.kind, self.has_token()) {
            ("github", _) => site.url(&["rate_limit"], &[]),
            (_, true) => site.url(&["user"], &[]),
            ("gitlab", false) => site.url(&["projects"], &[("per_page", "1"), ("simple", "true")]),
            (_, false) => site.url(&["version"], &[]),
        }
    }
}

/// Kind and host of the forge that a source, or a grant of sources, is of.
pub(super) fn forge(source: &str) -> Option<(&'static str, &str)> {
    let (kind, name) = source.split_once(':')?;
    let host = name.split('/').next().unwrap_or_default();
    match kind {
        // Its address is a setting.
        "github" | "github-tags" => Some(("github", "")),
        "gitlab" | "gitlab-tags" => Some(("gitlab", host)),
        "gitea" | "gitea-tags" => Some(("gitea", host)),
        _ => None,
    }
}

fn standing(quota: Option<Quota>, headers: &HeaderMap) -> Standing {
    let told = headers.contains_key(DATE);
    Standing {
        quota: quota.or_else(|| of_headers(headers)),
        time: told.then(|| server_time(headers)),
    }
}

fn of_body(body: &str) -> serde_json::Result<Option<Quota>> {
    let limits: RateLimits = serde_json::from_str(body)?;
    let core = limits.resources.core;
    let reset = UNIX_EPOCH.checked_add(Duration::from_secs(core.reset));
    Ok(reset.map(|reset| Quota {
        limit: core.limit,
        remaining: core.remaining,
        reset,
    }))
}

fn of_headers(headers: &HeaderMap) -> Option<Quota> {
    let reset = number(headers, &["x-ratelimit-reset", "ratelimit-reset"])?;
    Some(Quota {
        limit: number(headers, &["x-ratelimit-limit", "ratelimit-limit"])?,
        remaining: number(headers, &["x-ratelimit-remaining", "ratelimit-remaining"])?,
        reset: UNIX_EPOCH.checked_add(Duration::from_secs(reset))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_forge_is_asked_once() {
        let sources = [
            "github:acme/a",
            "github-tags:acme/b",
            "gitlab:gitlab.com/x/y",
            "gitea:codeberg.org/*",
            "npm:z",
        ];
        let forges: BTreeSet<_> = sources.into_iter().filter_map(forge).collect();
        let expected = [
            ("gitea", "codeberg.org"),
            ("github", ""),
            ("gitlab", "gitlab.com"),
        ];
        assert_eq!(forges.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_quota_is_in_the_body_or_in_the_headers() {
        // Of GitHub's documentation, "REST API endpoints for rate limits".
        let body = r#"{"resources":{"core":{"limit":5000,"used":1,"remaining":4999,"reset":1691591363},"search":{"limit":30,"used":12,"remaining":18,"reset":1691591091}},"rate":{"limit":5000,"used":1,"remaining":4999,"reset":1372700873}}"#;
        let quota = of_body(body).unwrap().unwrap();
        assert!(of_body("<html>").is_err() && of_body("{}").is_err());
        assert_eq!((quota.limit, quota.remaining), (5000, 4999));
        let mut headers = HeaderMap::new();
        assert_eq!(of_headers(&headers), None);
        for (name, value) in [("limit", "2000"), ("remaining", "0"), ("reset", "60")] {
            let name: reqwest::header::HeaderName = format!("ratelimit-{name}").parse().unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        let quota = of_headers(&headers).unwrap();
        assert_eq!((quota.limit, quota.remaining), (2000, 0));
        assert_eq!(quota.reset, UNIX_EPOCH + Duration::from_secs(60));
    }
}
