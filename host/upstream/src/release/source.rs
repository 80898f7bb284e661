//! Where releases are listed.

use std::fmt;
use std::str::FromStr;

use bakehouse_core::loopback::is_loopback;
use bakehouse_core::recipe::CallError;
use url::Url;

use crate::git::Address;

/// What this host knows, for errors.
const KNOWN: &str = "github:OWNER/REPO, github-tags:OWNER/REPO, gitlab:HOST/GROUP/PROJECT, \
    gitlab-tags:HOST/GROUP/PROJECT, gitea:HOST/OWNER/REPO, gitea-tags:HOST/OWNER/REPO, \
    git:https://HOST/PATH, npm:PACKAGE, oci:HOST/REPOSITORY";

/// A release source, written `kind:name`. The same text is its grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// Releases of a repository at GitHub, `owner/name`.
    GitHub(String),
    /// Its tags.
    GitHubTags(String),
    /// Releases of a project at a GitLab.
    GitLab(Place),
    /// Its tags.
    GitLabTags(Place),
    /// Releases of a repository at a Gitea or Forgejo.
    Gitea(Place),
    /// Its tags.
    GiteaTags(Place),
    /// Tags of a git repository.
    Git(Address),
    /// An npm package, by name.
    Npm(String),
    /// Tags of an image, `host/repository`.
    Oci(String),
}

/// A repository on a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    host: String,
    path: String,
}

impl Place {
    /// `host[:port]`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Path of the repository, without a `/` at either end.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    fn parse(text: &str) -> Option<Self> {
        let (host, path) = text.split_once('/')?;
        let place = Self {
            host: host.to_owned(),
            path: path.to_owned(),
        };
        (is_host(host) && is_path(path)).then_some(place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GitHub(name) => write!(f, "github:{name}"),
            Self::GitHubTags(name) => write!(f, "github-tags:{name}"),
            Self::GitLab(place) => write!(f, "gitlab:{place}"),
            Self::GitLabTags(place) => write!(f, "gitlab-tags:{place}"),
            Self::Gitea(place) => write!(f, "gitea:{place}"),
            Self::GiteaTags(place) => write!(f, "gitea-tags:{place}"),
            Self::Git(address) => write!(f, "git:{address}"),
            Self::Npm(name) => write!(f, "npm:{name}"),
            Self::Oci(name) => write!(f, "oci:{name}"),
        }
    }
}

impl FromStr for Source {
    type Err = CallError;

    fn from_str(text: &str) -> Result<Self, CallError> {
        let pair = |name: &str| {
            let fits = is_path(name) && name.matches('/').count() == 1;
            fits.then(|| name.to_owned())
        };
        let owned = |name: &str| Place::parse(name).filter(|p| p.path.matches('/').count() == 1);
        let project = |name: &str| Place::parse(name).filter(|p| p.path.contains('/'));
        if let Some(address) = text.strip_prefix("git:") {
            return Address::parse(address).map(Self::Git);
        }
        let source = text.split_once(':').and_then(|(kind, name)| match kind {
            "github" => pair(name).map(Self::GitHub),
            "github-tags" => pair(name).map(Self::GitHubTags),
            "gitlab" => project(name).map(Self::GitLab),
            "gitlab-tags" => project(name).map(Self::GitLabTags),
            "gitea" => owned(name).map(Self::Gitea),
            "gitea-tags" => owned(name).map(Self::GiteaTags),
            "npm" if !name.is_empty() => Some(Self::Npm(name.to_owned())),
            "oci" => Place::parse(name).map(|place| Self::Oci(place.to_string())),
            _ => None,
        });
        source.ok_or_else(|| {
            CallError::InvalidInput(format!(
                "`{}` is not a release source; this host knows {KNOWN}",
                text.escape_debug()
            ))
        })
    }
}

/// The scheme that a host speaks: HTTPS, and plain HTTP on loopback.
pub(super) fn scheme(host: &str) -> &'static str {
    let url = Url::parse(&format!("https://{host}/"));
    match url {
        Ok(url) if is_loopback(&url) => "http",
        _ => "https",
    }
}

/// `host` or `host:port`, in its one way to write it.
fn is_host(text: &str) -> bool {
    let url = Url::parse(&format!("https://{text}/"));
    // A name without a dot is no host of the internet.
    (text.contains(['.', ':']) || text == "localhost")
        && url.is_ok_and(|url| url.as_str() == format!("https://{text}/"))
        && !text.contains('@')
}

/// Names with `/` between them, none of which leads elsewhere.
fn is_path(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'~');
    text.split('/')
        .all(|part| !part.is_empty() && part != "." && part != ".." && part.bytes().all(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written_back() {
        for text in [
            "github:mattermost/mattermost",
            "github-tags:outline/outline",
            "gitlab:framagit.org/framasoft/mostlymatter",
            "gitlab-tags:gitlab.example:8443/a/b/c",
            "gitea:codeberg.org/forgejo/forgejo",
            "gitea-tags:127.0.0.1:3000/a/b",
            "git:https://git.example/a/b.git",
            "git:http://127.0.0.1:8080/a",
            "npm:@scope/name",
            "oci:ghcr.io/a/b",
            "oci:localhost/a",
        ] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "esbuild",
            "npm:",
            "svn:a/b",
            "github:a",
            "github:a/b/c",
            "github:../b",
            "github:a/b?x=1",
            "github:a/b%2fc",
            "gitlab:framagit.org",
            "gitlab:framagit.org/a",
            "gitlab:framagit/a/b",
            "gitlab:me@framagit.org/a/b",
            "gitlab:https://framagit.org/a/b",
            "gitea:codeberg.org/a",
            "gitea:codeberg.org/a/b/c",
            "gitea:CODEBERG.org/a/b",
            "gitea:codeberg.org:443/a/b",
            "oci:alpine",
            "oci:ghcr.io/a:tag",
        ] {
            let error = text.parse::<Source>().unwrap_err().to_string();
            assert!(
                error.contains("this host knows github:OWNER/REPO"),
                "{text}"
            );
        }
    }

    #[test]
    fn git_repositories_are_named_as_for_checkouts() {
        for text in [
            "git:",
            "git:http://git.example/a",
            "git:ssh://git.example/a",
        ] {
            let error = text.parse::<Source>().unwrap_err().to_string();
            assert!(error.contains("is not a repository's address"), "{error}");
        }
    }

    #[test]
    fn only_loopback_is_spoken_to_in_the_clear() {
        for host in ["127.0.0.1:1", "localhost", "[::1]:80"] {
            assert_eq!(scheme(host), "http", "{host}");
        }
        for host in ["framagit.org", "localhost.example", "127.0.0.1.example"] {
            assert_eq!(scheme(host), "https", "{host}");
        }
    }
}
