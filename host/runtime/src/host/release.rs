//! `bakehouse:recipe/release`: `list`, `latest`, `get`.

use std::time::Duration;

use bakehouse_core::grants::Kind;
use bakehouse_upstream::release::{Release, Selection, SourceId};

use super::error::HostError;
use crate::state::{State, bounded};

const LIMIT: Duration = Duration::from_secs(120);

impl State {
    /// The newest releases of a source that count.
    pub(crate) async fn releases(
        &mut self,
        source: &str,
        pattern: Option<&str>,
        prereleases: bool,
        limit: u32,
    ) -> Result<Vec<Release>, HostError> {
        let source = self.granted(source)?;
        let selection = Selection::new(pattern, prereleases)?;
        let releases = self.services.releases.open()?.clone();
        let selected = bounded(&format!("listing {source}"), LIMIT, async {
            Ok::<_, HostError>(releases.select(&source, &selection).await?)
        })
        .await?;
        self.listings.push(selected.listing);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(selected
            .releases
            .into_iter()
            .take(limit)
            .map(|release| self.remember(release))
            .collect())
    }

    /// The newest release of a source for general use.
    pub(crate) async fn latest_release(
        &mut self,
        source: &str,
        pattern: Option<&str>,
    ) -> Result<Release, HostError> {
        let source = self.granted(source)?;
        let releases = self.services.releases.open()?.clone();
        let found = bounded(&format!("asking {source}"), LIMIT, async {
            Ok::<_, HostError>(releases.latest(&source, pattern).await?)
        })
        .await?;
        Ok(self.remember(found))
    }

    /// The release with this tag.
    pub(crate) async fn release(&mut self, source: &str, tag: &str) -> Result<Release, HostError> {
        let source = self.granted(source)?;
        let releases = self.services.releases.open()?.clone();
        let found = bounded(&format!("asking {source}"), LIMIT, async {
            Ok::<_, HostError>(releases.get(&source, tag).await?)
        })
        .await?;
        Ok(self.remember(found))
    }

    fn granted(&self, source: &str) -> Result<SourceId, HostError> {
        let parsed = source.parse()?;
        self.policy.check(Kind::Releases, source)?;
        Ok(parsed)
    }

    /// Assets that a granted source serves may be downloaded in the same call.
    fn remember(&mut self, release: Release) -> Release {
        let own = release.assets.iter().filter(|asset| !asset.elsewhere);
        self.assets.extend(own.map(|asset| asset.url.clone()));
        release
    }
}
