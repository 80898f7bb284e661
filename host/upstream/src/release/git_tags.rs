//! Tags of a git repository as releases.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::kind::{Reach, ReleaseSource, SourceKind};
use super::model::extras;
use super::{Release, ReleaseError};
use crate::git::{Address, RemoteTag, remote_tags};

/// The longest time that listing a repository's tags may take, each try.
const LIMIT: Duration = Duration::from_secs(60);

/// `git:https://HOST/PATH`
pub(super) const KIND: SourceKind = SourceKind {
    name: "git",
    form: "https://HOST/PATH",
    parse: |address| Ok(Some(Arc::new(Address::parse(address)?))),
};

#[async_trait]
impl ReleaseSource for Address {
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError> {
        let mirrors = &reach.access.mirrors;
        let tags = remote_tags(self, mirrors, LIMIT, &*reach.reporter).await?;
        let release = |tag: RemoteTag| Release {
            extras: extras([("commit", Some(tag.commit))]),
            ..Release::tag(tag.name)
        };
        Ok(tags.into_iter().map(release).collect())
    }
}
