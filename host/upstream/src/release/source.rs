//! The name of a release source, `KIND:NAME`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use super::ReleaseError;
use super::kind::ReleaseSource;
use super::standing::forge;
use super::table::KINDS;

/// A release source, written `kind:name`. The same text is its grant.
#[derive(Clone)]
pub struct SourceId {
    text: String,
    pub(super) source: Arc<dyn ReleaseSource>,
}

impl SourceId {
    /// The word before the `:`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text.split(':').next().unwrap_or_default()
    }

    /// It is read from the API of a [`Forge`](super::Forge).
    #[must_use]
    pub fn is_of_forge(&self) -> bool {
        forge(&self.text).is_some()
    }
}

impl PartialEq for SourceId {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for SourceId {}

impl Hash for SourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourceId").field(&self.text).finish()
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for SourceId {
    type Err = ReleaseError;

    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        let known = text.split_once(':').and_then(|(kind, name)| {
            let kind = KINDS.iter().find(|known| known.name == kind)?;
            Some((kind, name))
        });
        let source = known.map(|(kind, name)| (kind.parse)(name)).transpose()?;
        match source.flatten() {
            Some(source) => Ok(Self {
                text: text.to_owned(),
                source,
            }),
            None => Err(ReleaseError::Unknown {
                text: text.to_owned(),
                known: known_kinds(),
            }),
        }
    }
}

/// The kinds that this host knows, for errors.
fn known_kinds() -> String {
    let kinds = KINDS
        .iter()
        .map(|kind| format!("{}:{}", kind.name, kind.form));
    kinds.collect::<Vec<_>>().join(", ")
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
            "pypi:Zope.Interface",
            "oci:ghcr.io/a/b",
            "oci:localhost/a",
        ] {
            assert_eq!(text.parse::<SourceId>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "esbuild",
            "npm:",
            "pypi:",
            "pypi:a/b",
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
            let error = text.parse::<SourceId>().unwrap_err().to_string();
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
            let error = text.parse::<SourceId>().unwrap_err().to_string();
            assert!(error.contains("is not a repository's address"), "{error}");
        }
    }
}
