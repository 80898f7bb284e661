//! What an app's recipe may ask for.

use serde::{Deserialize, Serialize};

use crate::recipe::CallError;

/// Grants of one app, from the `[grants]` table of its `app.toml`. Everything
/// that is not listed is denied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Grants {
    /// Release sources, as `kind:name`. Their assets may be downloaded.
    pub releases: Vec<String>,
    /// Git repositories to check out, by address; those below an address that
    /// ends in `/`.
    pub sources: Vec<String>,
    /// URL prefixes for other downloads, up to and including a `/`.
    pub downloads: Vec<String>,
    /// Images the app may publish, by repository name.
    pub images: Vec<String>,
    /// References or repositories its recipe may look up and its Dockerfiles
    /// may start from.
    pub bases: Vec<String>,
    /// `RUN` steps may use the network.
    pub network: bool,
}

impl Grants {
    /// May the recipe read this release source?
    ///
    /// # Errors
    /// [`CallError::Denied`] naming the line to add.
    pub fn release(&self, app: &str, source: &str) -> Result<(), CallError> {
        allow(
            self.releases.iter().any(|s| s == source),
            app,
            "releases",
            source,
        )
    }

    /// May this git repository be checked out?
    ///
    /// # Errors
    /// [`CallError::Denied`] naming the line to add.
    pub fn source(&self, app: &str, repository: &str) -> Result<(), CallError> {
        let normal = url::Url::parse(repository).is_ok_and(|url| url.as_str() == repository);
        let granted = self.sources.iter().any(|source| {
            source == repository || source.ends_with('/') && repository.starts_with(source.as_str())
        });
        allow(normal && granted, app, "sources", repository)
    }

    /// May the app publish this image?
    ///
    /// # Errors
    /// [`CallError::Denied`] naming the line to add.
    pub fn image(&self, app: &str, image: &str) -> Result<(), CallError> {
        allow(self.images.iter().any(|s| s == image), app, "images", image)
    }

    /// May the recipe download this URL, which no granted source listed?
    ///
    /// # Errors
    /// [`CallError::Denied`] naming the line to add.
    pub fn download(&self, app: &str, url: &str) -> Result<(), CallError> {
        // Only the normal form: `/granted/../other` begins with a granted prefix, too.
        let normal = url::Url::parse(url).is_ok_and(|parsed| parsed.as_str() == url);
        let granted = self
            .downloads
            .iter()
            .any(|prefix| prefix.ends_with('/') && url.starts_with(prefix.as_str()));
        let granted = normal && granted;
        allow(granted, app, "downloads", url)
    }

    /// May the app look up or start from this reference?
    ///
    /// # Errors
    /// [`CallError::Denied`] naming the line to add.
    pub fn base(&self, app: &str, reference: &str) -> Result<(), CallError> {
        let granted = self.bases.iter().any(|base| {
            reference
                .strip_prefix(base.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
        });
        allow(granted, app, "bases", reference)
    }

    /// May `RUN` steps use the network?
    ///
    /// # Errors
    /// [`CallError::Denied`] naming the line to add.
    pub fn network(&self, app: &str) -> Result<(), CallError> {
        if self.network {
            return Ok(());
        }
        Err(CallError::Denied(format!(
            "RUN steps of {app} have no network; add `network = true` under [grants] in apps/{app}/app.toml"
        )))
    }
}

fn allow(granted: bool, app: &str, key: &str, value: &str) -> Result<(), CallError> {
    if granted {
        return Ok(());
    }
    Err(CallError::Denied(format!(
        "{app} has no grant for {value}; add \"{value}\" to `{key}` under [grants] in apps/{app}/app.toml"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants() -> Grants {
        toml::from_str(
            r#"
            releases = ["npm:a"]
            sources = ["https://git.example/a/b", "https://git.example/all/"]
            downloads = ["https://h.example/granted/", "https://no-slash.example"]
            images = ["a"]
            bases = ["r.example/library/golang"]
            "#,
        )
        .unwrap()
    }

    #[test]
    fn nothing_is_granted_by_default() {
        let none = Grants::default();
        for refused in [
            none.release("x", "npm:a"),
            none.source("x", "https://git.example/a"),
            none.image("x", "a"),
            none.download("x", "https://h.example/a"),
            none.base("x", "r.example/a"),
            none.network("x"),
        ] {
            let Err(CallError::Denied(text)) = refused else {
                panic!("{refused:?}");
            };
            assert!(
                text.ends_with("under [grants] in apps/x/app.toml"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_listed_is_granted_and_its_neighbours_are_not() {
        let grants = grants();
        assert!(grants.release("x", "npm:a").is_ok());
        assert!(grants.release("x", "npm:ab").is_err());
        assert!(grants.image("x", "a").is_ok());
        assert!(grants.image("x", "a/b").is_err());
        for granted in ["https://git.example/a/b", "https://git.example/all/c/d"] {
            assert!(grants.source("x", granted).is_ok(), "{granted}");
        }
        for denied in [
            "https://git.example/a/b.git",
            "https://git.example/a/b/c",
            "https://git.example/all/../a/c",
            "https://git.example/allc",
        ] {
            assert!(grants.source("x", denied).is_err(), "{denied}");
        }
        for granted in [
            "r.example/library/golang",
            "r.example/library/golang:1@sha256:0",
        ] {
            assert!(grants.base("x", granted).is_ok(), "{granted}");
        }
        for denied in [
            "r.example/library/golang-evil",
            "r.example/library/golang/x",
            "golang",
        ] {
            assert!(grants.base("x", denied).is_err(), "{denied}");
        }
        assert!(
            grants
                .download("x", "https://h.example/granted/file?a=b")
                .is_ok()
        );
        for denied in [
            "https://h.example/granted/../other",
            "https://h.example/granted/%2e%2e/other",
            "https://h.example/grantedx",
            "http://h.example/granted/file",
            "https://h.example@evil.example/granted/",
            "https://no-slash.example.evil.example/",
        ] {
            assert!(grants.download("x", denied).is_err(), "{denied}");
        }
    }
}
