//! Addresses of forges' APIs, and the token that goes to each.

use std::fmt;

use bakehouse_core::loopback::is_private;
use bakehouse_core::mirrors::Mirrors;
use reqwest::header::HeaderValue;
use url::Url;

use super::ReleaseError;
use super::repository::{Repository, scheme};

const GITHUB: &str = "https://api.github.com";
const GITLAB: &str = "gitlab.com";
const JSON: &[(&str, &str)] = &[("accept", "application/json")];

/// The reasons why the environment names no API, or no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// `GITHUB_API_URL` is no URL, or not encrypted.
    #[error("GITHUB_API_URL is not the address of an API")]
    Address,
    /// A variable's value cannot go into a header.
    #[error("{0} cannot be a token")]
    Token(&'static str),
}

/// The address of GitHub's API, and tokens with the one host each is for.
#[derive(Debug, Clone)]
pub struct ForgeAccess {
    github: Url,
    github_token: Option<Token>,
    gitlab_token: Option<(String, Token)>,
    gitea_token: Option<(String, Token)>,
    pub(super) mirrors: Mirrors,
}

/// An API at one place.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// The API's root, with `/` at its end.
    pub(super) base: Url,
    /// The API that it is a mirror of.
    pub(super) upstream: Option<Url>,
    /// The token of the `Authorization` header; only ever sent to `base`'s origin.
    pub(super) token: Option<Token>,
    /// The version of the API, and the form of its answers.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The variables that hold a token, for hints.
    pub(super) variables: &'static str,
}

/// A value of the header `Authorization`. Never shown.
#[derive(Clone)]
pub(super) struct Token(pub(super) HeaderValue);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    pub(super) fn new(scheme: &str, name: &'static str, secret: &str) -> Result<Self, AccessError> {
        let value = HeaderValue::from_str(&format!("{scheme} {}", secret.trim()));
        let mut value = value.map_err(|_| AccessError::Token(name))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl ForgeAccess {
    /// Reads `GITHUB_API_URL`, `GITHUB_TOKEN`; `GITLAB_TOKEN` for `GITLAB_HOST`
    /// (gitlab.com); `GITEA_TOKEN` for `GITEA_HOST`.
    ///
    /// # Errors
    /// If `GITHUB_API_URL` is no URL, or not encrypted; if a
    /// token cannot be one.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, AccessError> {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let github = variable("GITHUB_API_URL").unwrap_or_else(|| GITHUB.to_owned());
        let base = Url::parse(&format!("{}/", github.trim_end_matches('/')))
            .ok()
            .filter(is_private)
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .filter(|url| url.query().is_none() && url.fragment().is_none());
        let Some(github) = base else {
            return Err(AccessError::Address);
        };
        let token = |scheme, name| {
            let token = variable(name).map(|secret| Token::new(scheme, name, &secret));
            token.transpose()
        };
        let host = |name| variable(name).map(|text| bare_host(&text));
        let gitlab = host("GITLAB_HOST").unwrap_or_else(|| GITLAB.to_owned());
        Ok(Self {
            github,
            github_token: token("Bearer", "GITHUB_TOKEN")?,
            gitlab_token: token("Bearer", "GITLAB_TOKEN")?.map(|token| (gitlab, token)),
            gitea_token: host("GITEA_HOST").zip(token("token", "GITEA_TOKEN")?),
            mirrors: Mirrors::default(),
        })
    }

    /// Asks these mirrors instead of the APIs that they have. No token goes
    /// there.
    #[must_use]
    pub fn mirrors(mut self, mirrors: Mirrors) -> Self {
        self.mirrors = mirrors;
        self
    }

    fn mirrored(&self, mut site: Site) -> Site {
        let base = self.mirrors.url(&site.base);
        if base != site.base {
            site.upstream = Some(std::mem::replace(&mut site.base, base));
            site.token = None;
        }
        site
    }

    /// GitHub's REST API.
    pub(super) fn github(&self) -> Site {
        self.mirrored(Site {
            base: self.github.clone(),
            upstream: None,
            token: self.github_token.clone(),
            headers: &[
                ("accept", "application/vnd.github+json"),
                ("x-github-api-version", "2022-11-28"),
            ],
            variables: "GITHUB_TOKEN",
        })
    }

    /// GitLab's API v4 on a host.
    ///
    /// # Errors
    /// If the host makes no URL.
    pub(super) fn gitlab(&self, of: &Repository) -> Result<Site, ReleaseError> {
        let host = of.host.as_str();
        Ok(self.mirrored(Site {
            base: root(of, "api/v4/")?,
            upstream: None,
            token: for_host(self.gitlab_token.as_ref(), host),
            headers: JSON,
            variables: "GITLAB_TOKEN (and GITLAB_HOST)",
        }))
    }

    /// The API v1 of Gitea or Forgejo on a host.
    ///
    /// # Errors
    /// If the host makes no URL.
    pub(super) fn gitea(&self, of: &Repository) -> Result<Site, ReleaseError> {
        let host = of.host.as_str();
        Ok(self.mirrored(Site {
            base: root(of, "api/v1/")?,
            upstream: None,
            token: for_host(self.gitea_token.as_ref(), host),
            headers: JSON,
            variables: "GITEA_TOKEN and GITEA_HOST",
        }))
    }
}

impl Site {
    /// A URL below the API's root; segments are encoded as they need.
    pub(super) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Whether a URL is on the API's own host.
    pub(super) fn owns(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }
}

/// The root of an API on a repository's host.
fn root(of: &Repository, path: &str) -> Result<Url, ReleaseError> {
    let url = Url::parse(&format!("{}://{}/{path}", scheme(&of.host), of.host));
    url.map_err(|source| ReleaseError::Host {
        place: of.to_string(),
        source,
    })
}

fn for_host(token: Option<&(String, Token)>, host: &str) -> Option<Token> {
    let (of, token) = token?;
    (of == host).then(|| token.clone())
}

/// `host[:port]` of a host or a URL.
fn bare_host(text: &str) -> String {
    let text = text.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    text.split('/').next().unwrap_or(text).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(variables: &[(&str, &str)]) -> Result<ForgeAccess, AccessError> {
        ForgeAccess::from_env(|name| {
            let found = variables.iter().find(|(key, _)| *key == name)?;
            Some(found.1.to_owned())
        })
    }

    fn on(host: &str) -> Repository {
        Repository::parse(&format!("{host}/a/b")).unwrap()
    }

    #[test]
    fn each_token_is_for_one_host() {
        let access = access(&[
            ("GITHUB_TOKEN", "canary-1"),
            ("GITLAB_TOKEN", "canary-2\n"),
            ("GITEA_TOKEN", "canary-3"),
            ("GITEA_HOST", "https://Codeberg.org/"),
        ])
        .unwrap();
        let value = |site: Site| site.token.map(|t| t.0.to_str().unwrap().to_owned());
        assert_eq!(value(access.github()).as_deref(), Some("Bearer canary-1"));
        let gitlab = |host| value(access.gitlab(&on(host)).unwrap());
        assert_eq!(gitlab("gitlab.com").as_deref(), Some("Bearer canary-2"));
        assert_eq!(gitlab("framagit.org"), None);
        let gitea = |host| value(access.gitea(&on(host)).unwrap());
        assert_eq!(gitea("codeberg.org").as_deref(), Some("token canary-3"));
        assert_eq!(gitea("gitea.com"), None);
        let shown = format!("{access:?}");
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn githubs_address() {
        let ours = access(&[("GITHUB_API_URL", "https://ghe.example/api/v3")]).unwrap();
        let url = ours.github().url(
            &["repos", "a", "b", "releases", "tags", "x/y#1"],
            &[("page", "1")],
        );
        assert_eq!(
            url.as_str(),
            "https://ghe.example/api/v3/repos/a/b/releases/tags/x%2Fy%231?page=1"
        );
        let default = access(&[("GITHUB_API_URL", "")]).unwrap();
        assert_eq!(default.github().base.as_str(), "https://api.github.com/");
        for bad in [
            "ghe.example",
            "http://ghe.example",
            "https://me@ghe.example",
        ] {
            let error = access(&[("GITHUB_API_URL", bad)]).unwrap_err();
            assert_eq!(error, AccessError::Address, "{bad}");
        }
        let broken = access(&[("GITLAB_TOKEN", "canary\ncanary")]).unwrap_err();
        assert_eq!(broken, AccessError::Token("GITLAB_TOKEN"));
        assert!(!format!("{broken:?}").contains("canary"));
    }
}
