//! `bakehouse:recipe/registry`: `head`, `platforms`, `tags`.

use std::time::Duration;

use bakehouse_core::grants::Kind;
use bakehouse_core::platform::Platform;
use oci_spec::image::Descriptor;

use super::error::HostError;
use crate::state::{State, bounded};

const LIMIT: Duration = Duration::from_secs(120);

impl State {
    /// The descriptor that an image's reference points at.
    pub(crate) async fn image_head(&mut self, reference: &str) -> Result<Descriptor, HostError> {
        self.policy.check(Kind::Bases, reference)?;
        let upstream = self.services.upstream.clone();
        let found = upstream.head(reference);
        bounded(&format!("reading {reference}"), LIMIT, found).await
    }

    /// The platforms that an image is for.
    pub(crate) async fn image_platforms(
        &mut self,
        reference: &str,
    ) -> Result<Vec<Platform>, HostError> {
        self.policy.check(Kind::Bases, reference)?;
        let upstream = self.services.upstream.clone();
        let found = upstream.platforms(reference);
        bounded(&format!("reading {reference}"), LIMIT, found).await
    }

    /// The tags of an image.
    pub(crate) async fn image_tags(&mut self, repository: &str) -> Result<Vec<String>, HostError> {
        self.policy.check(Kind::Bases, repository)?;
        let upstream = self.services.upstream.clone();
        let found = upstream.tags(repository);
        bounded(&format!("listing {repository}"), LIMIT, found).await
    }
}
