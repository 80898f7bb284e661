//! A request to a registry.

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

/// Longest answer that is read unless a request says otherwise: the limit that
/// registries set for manifests.
const ANSWER_LIMIT: u64 = 4 << 20;

/// The access that a request needs (distribution's "Token Scope Documentation").
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    repository: String,
    push: bool,
    /// Another repository, to mount a blob from.
    from: Option<String>,
}

impl Scope {
    pub(crate) fn pull(repository: &str) -> Self {
        Self {
            repository: repository.to_owned(),
            push: false,
            from: None,
        }
    }

    pub(crate) fn push(repository: &str) -> Self {
        Self {
            push: true,
            ..Self::pull(repository)
        }
    }

    pub(crate) fn mount(repository: &str, from: &str) -> Self {
        Self {
            from: Some(from.to_owned()),
            ..Self::push(repository)
        }
    }

    /// Values of the `scope` parameter of a token request.
    pub(super) fn texts(&self) -> Vec<String> {
        let actions = if self.push { "pull,push" } else { "pull" };
        let mut texts = vec![format!("repository:{}:{actions}", self.repository)];
        texts.extend(
            self.from
                .iter()
                .map(|from| format!("repository:{from}:pull")),
        );
        texts
    }
}

/// One request; its body is small and can be sent again.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    /// The purpose, in messages: `reading HOST/PATH:TAG`.
    pub(crate) what: &'a str,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) scope: Scope,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Longest answer body that is read; none of it when that is none.
    pub(crate) limit: Option<u64>,
    /// It was just written: that it is absent is a matter of time.
    pub(crate) must_exist: bool,
}

impl<'a> Request<'a> {
    pub(crate) fn new(what: &'a str, method: Method, url: Url, scope: Scope) -> Self {
        Self {
            what,
            method,
            url,
            scope,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            limit: Some(ANSWER_LIMIT),
            must_exist: false,
        }
    }

    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    #[must_use]
    pub(crate) fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    #[must_use]
    pub(crate) const fn must_exist(mut self, must_exist: bool) -> Self {
        self.must_exist = must_exist;
        self
    }

    #[must_use]
    pub(crate) const fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Leaves the body of a successful answer unread: it does not matter.
    #[must_use]
    pub(crate) const fn unread(mut self) -> Self {
        self.limit = None;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes() {
        assert_eq!(Scope::pull("a/b").texts(), ["repository:a/b:pull"]);
        assert_eq!(
            Scope::mount("a/b", "a/c").texts(),
            ["repository:a/b:pull,push", "repository:a/c:pull"]
        );
    }
}
