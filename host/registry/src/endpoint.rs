//! An endpoint: a registry, and a path in it.

use std::fmt;

use bakehouse_core::reference_grammar as grammar;
use sha2::{Digest as _, Sha256};

/// Longest name that [`Endpoint::file_name`] gives, in bytes.
const LONGEST_FILE_NAME: usize = 200;

/// A name that no registry, namespace or image can have (distribution-spec v1.1,
/// "Pulling manifests").
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not `HOST` or `HOST:PORT`.
    #[error("`{0}` is not a registry")]
    Host(String),
    /// Not a path of lower case names.
    #[error("`{0}` is not a namespace")]
    Namespace(String),
    /// Not the name of an image with a tag or digest.
    #[error("`{0}` is not an image reference")]
    Reference(String),
}

/// A registry and the path under which images are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    namespace: String,
    plain_http: bool,
    embedded: bool,
}

impl Endpoint {
    /// `host[:port]` and a namespace such as `acme/mirrors`. Loopback hosts
    /// speak plain HTTP, as Docker assumes.
    ///
    /// # Errors
    /// When they do not make a repository name (distribution-spec v1.1, "Pulling
    /// manifests").
    pub fn new(host: &str, namespace: &str) -> Result<Self, EndpointError> {
        let endpoint = Self {
            host: host.to_owned(),
            namespace: namespace.to_owned(),
            plain_http: is_loopback(host),
            embedded: false,
        };
        let host_ok = (host.contains(['.', ':']) || host == "localhost") && grammar::is_host(host);
        if !host_ok {
            return Err(EndpointError::Host(host.to_owned()));
        }
        if !grammar::is_path(namespace) {
            return Err(EndpointError::Namespace(namespace.to_owned()));
        }
        Ok(endpoint)
    }

    /// The same endpoint as that of the embedded registry, called `local` towards
    /// people.
    #[must_use]
    pub const fn embedded(mut self) -> Self {
        self.embedded = true;
        self
    }

    /// Whether the registry refuses an index that names what it does not have
    /// (distribution-spec v1.1, "Pushing Manifests"). All do, but the embedded
    /// one.
    #[must_use]
    pub const fn refuses_missing_children(&self) -> bool {
        !self.embedded
    }

    fn shown(&self) -> &str {
        if self.embedded { "local" } else { &self.host }
    }

    /// `host[:port]`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `host[:port]` of the server that speaks for it; Docker Hub has two names.
    #[must_use]
    pub fn server(&self) -> &str {
        match self.host.as_str() {
            "docker.io" => "index.docker.io",
            other => other,
        }
    }

    /// `namespace/image`: the repository's name in its registry.
    #[must_use]
    pub fn path(&self, image: &str) -> String {
        format!("{}/{image}", self.namespace)
    }

    /// Whether requests go over HTTP instead of HTTPS.
    #[must_use]
    pub const fn plain_http(&self) -> bool {
        self.plain_http
    }

    /// `host[:port]/namespace/image`.
    #[must_use]
    pub fn repository(&self, image: &str) -> String {
        format!("{}/{}/{image}", self.host, self.namespace)
    }

    /// Checks that `namespace/image:TAG` or `@DIGEST` can be a reference.
    ///
    /// # Errors
    /// [`EndpointError::Reference`]: nothing of that name exists.
    pub fn check(&self, image: &str, tag_or_digest: &str) -> Result<(), EndpointError> {
        let good = grammar::is_path(&self.path(image))
            && (grammar::is_tag(tag_or_digest) || grammar::is_digest(tag_or_digest));
        if good {
            return Ok(());
        }
        Err(EndpointError::Reference(self.show(image, tag_or_digest)))
    }

    /// Registry and namespace as the name of a file, another one for each pair:
    /// `127.0.0.1@5000+acme+mirrors`. Neither grammar has `@` or `+`, and every
    /// file system and CI artifact takes them, as they do not take `:`. The end
    /// of a name that is too long for a file is its digest.
    #[must_use]
    pub fn file_name(&self) -> String {
        let host = self.shown().to_ascii_lowercase().replace(':', "@");
        let name = format!("{host}+{}", self.namespace.replace('/', "+"));
        if name.len() <= LONGEST_FILE_NAME {
            return name;
        }
        let digest = hex::encode(Sha256::digest(&name));
        let kept: String = name
            .chars()
            .take(LONGEST_FILE_NAME - digest.len())
            .collect();
        format!("{kept}{digest}")
    }

    /// The reference as people see it: `local/...` for the embedded registry.
    #[must_use]
    pub fn show(&self, image: &str, tag_or_digest: &str) -> String {
        join(&self.show_repository(image), tag_or_digest)
    }

    /// The repository as people see it: `local/...` for the embedded registry.
    #[must_use]
    pub fn show_repository(&self, image: &str) -> String {
        format!("{}/{}/{image}", self.shown(), self.namespace)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

fn join(repository: &str, tag_or_digest: &str) -> String {
    let separator = if tag_or_digest.contains(':') {
        '@'
    } else {
        ':'
    };
    format!("{repository}{separator}{tag_or_digest}")
}

/// `localhost` and `127.0.0.0/8`, with or without a port. References have no
/// grammar for IPv6 addresses.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name == "localhost"
        || name
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_plain_http() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:1"] {
            assert!(
                Endpoint::new(host, "n").is_ok_and(|e| e.plain_http()),
                "{host}"
            );
        }
        assert!(!Endpoint::new("ghcr.io", "n").unwrap().plain_http());
    }

    #[test]
    fn refuses_what_is_no_registry_or_namespace() {
        for (host, namespace) in [
            ("", "n"),
            ("https://ghcr.io", "n"),
            ("ghcr.io/x", "n"),
            ("nohost", "n"),
            ("ghcr.io", ""),
            ("ghcr.io", "Upper"),
            ("ghcr.io", "a//b"),
        ] {
            assert!(
                Endpoint::new(host, namespace).is_err(),
                "{host} {namespace}"
            );
        }
    }

    #[test]
    fn every_destination_has_a_file_name_of_its_own() {
        let long = "a".repeat(120);
        let destinations = [
            ("ghcr.io", "acme"),
            ("ghcr.io", "acme/mirrors"),
            ("ghcr.io", "acme-mirrors"),
            ("ghcr.io", "acme_mirrors"),
            ("ghcr.io", "acme.mirrors"),
            ("ghcr.io:443", "acme"),
            ("localhost:5000", "b"),
            ("localhost", "5000/b"),
            ("127.0.0.1:5000", "b"),
            ("r.example", &format!("{long}/{long}")),
            ("r.example", &format!("{long}/{long}b")),
            ("r.example", &format!("{long}-{long}")),
        ];
        let mut names = std::collections::BTreeSet::new();
        for (host, namespace) in destinations {
            let name = Endpoint::new(host, namespace).unwrap().file_name();
            assert!(name.len() <= LONGEST_FILE_NAME, "{name}");
            assert!(
                !name.contains(['/', ':', '\\', '<', '>', '|', '*', '?', '"']),
                "{name}"
            );
            assert!(names.insert(name.clone()), "{name} is not its own");
        }
        assert!(names.contains("127.0.0.1@5000+b") && names.contains("ghcr.io+acme+mirrors"));
        // Hosts are the same in either case.
        let upper = Endpoint::new("GHCR.io", "acme").unwrap();
        assert!(names.contains(&upper.file_name()));
        let local = Endpoint::new("127.0.0.1:1", "acme").unwrap().embedded();
        assert_eq!(local.file_name(), "local+acme");
    }

    #[test]
    fn references() {
        let endpoint = Endpoint::new("127.0.0.1:5000", "bakehouse")
            .unwrap()
            .embedded();
        endpoint.check("esbuild", "1.0.0").unwrap();
        assert_eq!(
            endpoint.show("esbuild", "1.0.0"),
            "local/bakehouse/esbuild:1.0.0"
        );
        assert_eq!(
            endpoint.check("esbuild", "not a tag"),
            Err(EndpointError::Reference(
                "local/bakehouse/esbuild:not a tag".to_owned()
            ))
        );
    }
}
