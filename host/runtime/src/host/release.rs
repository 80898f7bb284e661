//! `bakehouse:recipe/release`: `list`, `latest`, `get`.

use std::time::Duration;

use bakehouse_core::grants::Kind;
use bakehouse_upstream::release::{self, SourceId};

use super::error::HostError;
use crate::bindings::bakehouse::recipe::release::{Host, Release, Selection};
use crate::state::{State, bounded};

const LIMIT: Duration = Duration::from_secs(120);

impl Host for State {
    async fn list(
        &mut self,
        source: String,
        selection: Selection,
        limit: u32,
    ) -> Result<Vec<Release>, HostError> {
        let source = self.granted(&source)?;
        let selection =
            release::Selection::new(selection.pattern.as_deref(), selection.prereleases)?;
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

    async fn latest(
        &mut self,
        source: String,
        pattern: Option<String>,
    ) -> Result<Release, HostError> {
        let source = self.granted(&source)?;
        let releases = self.services.releases.open()?.clone();
        let found = bounded(&format!("asking {source}"), LIMIT, async {
            Ok::<_, HostError>(releases.latest(&source, pattern.as_deref()).await?)
        })
        .await?;
        Ok(self.remember(found))
    }

    async fn get(&mut self, source: String, tag: String) -> Result<Release, HostError> {
        let source = self.granted(&source)?;
        let releases = self.services.releases.open()?.clone();
        let found = bounded(&format!("asking {source}"), LIMIT, async {
            Ok::<_, HostError>(releases.get(&source, &tag).await?)
        })
        .await?;
        Ok(self.remember(found))
    }
}

impl State {
    fn granted(&self, source: &str) -> Result<SourceId, HostError> {
        let parsed = source.parse()?;
        self.policy.check(Kind::Releases, source)?;
        Ok(parsed)
    }

    /// Assets that a granted source serves may be downloaded in the same call.
    fn remember(&mut self, release: release::Release) -> Release {
        let own = release.assets.iter().filter(|asset| !asset.elsewhere);
        self.assets.extend(own.map(|asset| asset.url.clone()));
        release.into()
    }
}
