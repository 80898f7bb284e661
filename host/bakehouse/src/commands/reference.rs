//! References on the command line.

use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::error::{ExitCode, Failure};
use bakehouse_registry::{Endpoint, LocalRegistry, Registry};
use oci_client::Reference;

use super::Session;
use crate::config::{RegistryChoice, Settings};
use crate::context::open_registry;

/// A reference with a client for its registry.
pub(super) struct Opened {
    pub(super) registry: Registry,
    pub(super) image: String,
    pub(super) tag: String,
    _local: Option<LocalRegistry>,
}

/// Opens `IMAGE[:TAG|@DIGEST]` in the project's registry,
/// `local/NAMESPACE/IMAGE...` in the embedded one, or a full reference.
pub(super) async fn open(session: &Session, text: &str) -> Result<Opened> {
    let invalid = |why: &str| {
        Failure::new(
            ExitCode::Usage,
            format!("`{text}` is not an image reference: {why}"),
        )
        .hint("write IMAGE:TAG for the project's registry, or HOST/PATH/IMAGE:TAG")
    };
    let (name, tag) = split(text);
    let reporter = Arc::clone(&session.reporter);
    match name.rsplit_once('/') {
        None => {
            let project = session.project()?;
            let settings = Settings::resolve(project.file(), &session.overrides)?;
            let (registry, local) = open_registry(&project, &settings, reporter, 0).await?;
            Ok(Opened {
                registry,
                image: name.to_owned(),
                tag: tag.to_owned(),
                _local: local,
            })
        }
        Some((path, image)) => {
            let (host, namespace) = path
                .split_once('/')
                .ok_or_else(|| invalid("it has no namespace"))?;
            if host == "local" {
                let project = session.project()?;
                let mut overrides = session.overrides.clone();
                overrides.registry = Some("local".to_owned());
                overrides.namespace = Some(namespace.to_owned());
                let settings = Settings::resolve(project.file(), &overrides)?;
                debug_assert_eq!(settings.registry, RegistryChoice::Local);
                let (registry, local) = open_registry(&project, &settings, reporter, 0).await?;
                return Ok(Opened {
                    registry,
                    image: image.to_owned(),
                    tag: tag.to_owned(),
                    _local: local,
                });
            }
            if let Err(error) = text.parse::<Reference>() {
                return Err(invalid(&error.to_string()).into());
            }
            let registry = Registry::new(Endpoint::new(host, namespace)?, reporter)?;
            Ok(Opened {
                registry,
                image: image.to_owned(),
                tag: tag.to_owned(),
                _local: None,
            })
        }
    }
}

/// Name and tag or digest; `latest` where there is none.
fn split(text: &str) -> (&str, &str) {
    if let Some((name, digest)) = text.split_once('@') {
        return (name, digest);
    }
    match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (text, "latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn splits() {
        assert_eq!(split("a"), ("a", "latest"));
        assert_eq!(split("a:1"), ("a", "1"));
        assert_eq!(split("h:5000/n/a"), ("h:5000/n/a", "latest"));
        assert_eq!(split("h:5000/n/a:1"), ("h:5000/n/a", "1"));
        assert_eq!(split("a@sha256:0"), ("a", "sha256:0"));
    }
}
