//! Repositories on hosts, as sources name them.

use std::fmt;

use bakehouse_core::loopback::is_loopback;
use url::Url;

/// A repository on a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Repository {
    /// `host[:port]`.
    pub(super) host: String,
    /// Path of the repository, without a `/` at either end.
    pub(super) path: String,
}

impl Repository {
    /// `HOST/PATH`; none where it is another text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, path) = text.split_once('/')?;
        let repository = Self {
            host: host.to_owned(),
            path: path.to_owned(),
        };
        (is_host(host) && is_path(path)).then_some(repository)
    }

    /// `HOST/OWNER/NAME`.
    pub(super) fn owned(text: &str) -> Option<Self> {
        Self::parse(text).filter(|one| one.path.matches('/').count() == 1)
    }

    /// `HOST/GROUP/.../NAME`.
    pub(super) fn grouped(text: &str) -> Option<Self> {
        Self::parse(text).filter(|one| one.path.contains('/'))
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

/// `OWNER/NAME`; none where it is another text.
pub(super) fn pair(name: &str) -> Option<String> {
    let fits = is_path(name) && name.matches('/').count() == 1;
    fits.then(|| name.to_owned())
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
    fn only_loopback_is_spoken_to_in_the_clear() {
        for host in ["127.0.0.1:1", "localhost", "[::1]:80"] {
            assert_eq!(scheme(host), "http", "{host}");
        }
        for host in ["framagit.org", "localhost.example", "127.0.0.1.example"] {
            assert_eq!(scheme(host), "https", "{host}");
        }
    }
}
