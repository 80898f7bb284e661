//! References on the command line.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bakehouse_core::nearest::nearest;
use bakehouse_core::progress::Reporter;
use bakehouse_core::reference_grammar as grammar;
use bakehouse_core::version_number::VersionNumber;
use bakehouse_registry::{Endpoint, LocalRegistry, Registry};

use super::Session;
use crate::config::Settings;
use crate::context::open_registry;
use crate::failure::{ExitCode, Failure};
use crate::names;

/// The time that a registry has to tell what else there is.
const PATIENCE: Duration = Duration::from_secs(5);

/// A reference with a client for its registry.
pub(super) struct Opened {
    pub(super) registry: Registry,
    pub(super) image: String,
    pub(super) tag: String,
    _local: Option<LocalRegistry>,
}

/// An image reference of the command line.
#[derive(Debug, PartialEq, Eq)]
enum ImageReference<'a> {
    /// `IMAGE[:TAG][@DIGEST]`, in the project's registry.
    Project(Name<'a>),
    /// `local/NAMESPACE/IMAGE...`, in the embedded registry.
    Local(&'a str, Name<'a>),
    /// `HOST/NAMESPACE/IMAGE...`, as other programs write it.
    Full(&'a str, &'a str, Name<'a>),
}

/// An image's name, and its tag or digest. Of both the digest decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Name<'a> {
    image: &'a str,
    tag: &'a str,
}

impl<'a> ImageReference<'a> {
    fn parse(text: &'a str) -> Result<Self, Failure> {
        let invalid = |why: &str| {
            Failure::new(
                ExitCode::Usage,
                format!("`{text}` is not an image reference: {why}"),
            )
            .hint("write IMAGE:TAG for the project's registry, or HOST/PATH/IMAGE:TAG")
        };
        let (path, tag, digest) = split(text);
        if !tag.is_none_or(grammar::is_tag) {
            return Err(invalid("a tag is letters, digits, `_`, `.` and `-`"));
        }
        if !digest.is_none_or(grammar::is_digest) {
            return Err(invalid("a digest is `sha256:` and 64 of 0 to 9 and a to f"));
        }
        let (host, name) = match path.split_once('/') {
            Some((host, name)) => (Some(host), name),
            None => (None, path),
        };
        if !grammar::is_path(name) {
            return Err(invalid(
                "names are lower case letters and digits, with `.`, `_` or `-` between",
            ));
        }
        let tag = digest.or(tag).unwrap_or("latest");
        let Some(host) = host else {
            return Ok(Self::Project(Name { image: name, tag }));
        };
        let Some((namespace, image)) = name.rsplit_once('/') else {
            return Err(invalid("it has no namespace"));
        };
        let name = Name { image, tag };
        Ok(match host {
            "local" => Self::Local(namespace, name),
            host => Self::Full(host, namespace, name),
        })
    }

    const fn name(&self) -> Name<'a> {
        match self {
            Self::Project(name) | Self::Local(_, name) | Self::Full(_, _, name) => *name,
        }
    }
}

impl Opened {
    /// The failure that there is nothing under the reference; with what was meant,
    /// as far as the registry and the project tell.
    pub(super) async fn nothing(&self, session: &Session) -> Failure {
        let endpoint = self.registry.endpoint();
        let shown = endpoint.show(&self.image, &self.tag);
        let failure = Failure::new(ExitCode::NotFound, format!("{shown} does not exist"));
        let asked = tokio::time::timeout(PATIENCE, self.registry.tags(&self.image)).await;
        let mut tags = asked.ok().and_then(Result::ok).unwrap_or_default();
        tags.sort_by_cached_key(|tag| Reverse(VersionNumber::parse(tag)));
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        if !tags.is_empty() {
            return failure.hint(names::hint(&self.tag, &tags, "its tags are"));
        }
        let images = images(session);
        let images: Vec<&str> = images.iter().map(String::as_str).collect();
        match nearest(&self.image, images.iter().copied()) {
            Some(meant) if meant != self.image => {
                failure.hint(names::hint(&self.image, &images, "this project publishes"))
            }
            _ => failure.hint("`bakehouse plan` shows what is published and what is missing"),
        }
    }
}

/// The images that the project publishes; none without a project.
fn images(session: &Session) -> Vec<String> {
    let Ok(project) = session.project() else {
        return Vec::new();
    };
    let apps = project.apps().unwrap_or_default();
    let files = apps.iter().filter_map(|app| project.app(app).ok());
    files.flat_map(|file| file.grants.images).collect()
}

/// Opens the registry of an image reference.
pub(super) async fn open(session: &Session, text: &str) -> Result<Opened> {
    let reference = ImageReference::parse(text)?;
    let reporter = Arc::clone(&session.reporter) as Arc<dyn Reporter>;
    let mut overrides = session.overrides.clone();
    let (registry, local) = match reference {
        ImageReference::Full(host, namespace, _) => {
            let endpoint = Endpoint::new(host, namespace)?;
            (Registry::new(endpoint, reporter)?, None)
        }
        ImageReference::Project(_) | ImageReference::Local(..) => {
            if let ImageReference::Local(namespace, _) = reference {
                overrides.registry = Some("local".to_owned());
                overrides.namespace = Some(namespace.to_owned());
            }
            let project = session.project()?;
            let settings = Settings::resolve(project.file(), &overrides)?;
            open_registry(&project, &settings, reporter, 0).await?
        }
    };
    let name = reference.name();
    Ok(Opened {
        registry,
        image: name.image.to_owned(),
        tag: name.tag.to_owned(),
        _local: local,
    })
}

/// Name, tag and digest.
fn split(text: &str) -> (&str, Option<&str>, Option<&str>) {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag), digest),
        _ => (name, None, digest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_of_the_project_the_embedded_registry_or_another() {
        let name = |image, tag| Name { image, tag };
        let digest = format!("sha256:{}", "0a".repeat(32));
        let (bare, tagged) = (format!("a@{digest}"), format!("h:5000/n/a:1@{digest}"));
        for (text, expected) in [
            ("a", ImageReference::Project(name("a", "latest"))),
            ("a:1", ImageReference::Project(name("a", "1"))),
            (&bare, ImageReference::Project(name("a", &digest))),
            ("local/n/a", ImageReference::Local("n", name("a", "latest"))),
            (
                "h:5000/n/a:1",
                ImageReference::Full("h:5000", "n", name("a", "1")),
            ),
            (
                &tagged,
                ImageReference::Full("h:5000", "n", name("a", &digest)),
            ),
            (
                "h.example/n/m/a",
                ImageReference::Full("h.example", "n/m", name("a", "latest")),
            ),
        ] {
            assert_eq!(ImageReference::parse(text).unwrap(), expected, "{text}");
        }
        let no_tag = format!("a:@{digest}");
        for text in [
            "n/a",
            "A",
            "a:",
            "a@sha256:0",
            &no_tag,
            "local/n/A",
            "h.example/N/a",
            "h.example/n/a@sha256:0",
        ] {
            let error = ImageReference::parse(text).unwrap_err();
            assert_eq!(error.code(), ExitCode::Usage, "{text}");
            let said = format!("`{text}` is not an image reference: ");
            assert!(error.to_string().starts_with(&said), "{error}");
        }
    }
}
