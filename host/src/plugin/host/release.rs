//! `bakehouse:recipe/release`: `list`, `latest`, `get`.

use std::time::Duration;

use crate::plugin::bindings::bakehouse::recipe::release::{Host, Release};
use crate::plugin::state::{State, bounded};
use crate::recipe::CallError;
use crate::release::{Release as Found, Source};

const LIMIT: Duration = Duration::from_secs(120);

impl Host for State {
    async fn list(&mut self, source: String, limit: u32) -> Result<Vec<Release>, CallError> {
        let source = self.granted(&source)?;
        let releases = self.services.releases.clone();
        let found = bounded(
            &format!("listing {source}"),
            LIMIT,
            releases.list(&source, limit),
        )
        .await?;
        Ok(found
            .into_iter()
            .map(|release| self.remember(release))
            .collect())
    }

    async fn latest(&mut self, source: String) -> Result<Release, CallError> {
        let source = self.granted(&source)?;
        let releases = self.services.releases.clone();
        let found = bounded(&format!("asking {source}"), LIMIT, releases.latest(&source)).await?;
        Ok(self.remember(found))
    }

    async fn get(&mut self, source: String, tag: String) -> Result<Release, CallError> {
        let source = self.granted(&source)?;
        let releases = self.services.releases.clone();
        let found = bounded(
            &format!("asking {source}"),
            LIMIT,
            releases.get(&source, &tag),
        )
        .await?;
        Ok(self.remember(found))
    }
}

impl State {
    fn granted(&self, source: &str) -> Result<Source, CallError> {
        let parsed = source.parse()?;
        self.grants.release(&self.app, source)?;
        Ok(parsed)
    }

    /// Assets of a granted source may be downloaded in the same call.
    fn remember(&mut self, release: Found) -> Release {
        self.assets
            .extend(release.assets.iter().map(|asset| asset.url.clone()));
        release.into()
    }
}
