//! Tags of an image as releases.

use std::sync::Arc;

use async_trait::async_trait;
use bakehouse_registry::LookupError;

use super::kind::{Reach, ReleaseSource, SourceKind};
use super::repository::Repository;
use super::{Release, ReleaseError};

/// `oci:HOST/REPOSITORY`
pub(super) const KIND: SourceKind = SourceKind {
    name: "oci",
    form: "HOST/REPOSITORY",
    parse: |name| {
        let image = Repository::parse(name).map(|image| Image(image.to_string()));
        Ok(image.map(|image| Arc::new(image) as _))
    },
};

/// An image, `host/repository`.
struct Image(String);

#[async_trait]
impl ReleaseSource for Image {
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError> {
        let tags = reach.images.tags(&self.0).await?;
        if tags.is_empty() {
            return Err(ReleaseError::NoTags);
        }
        Ok(tags.into_iter().map(Release::tag).collect())
    }

    /// Asks for one tag: a list of them may have many pages.
    async fn probe(&self, reach: &Reach) -> Result<(), ReleaseError> {
        match reach.images.head(&self.0).await {
            Ok(_) | Err(LookupError::Absent { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
