//! `bakehouse:recipe/fetch`: `download`.

use std::time::Duration;

use bakehouse_core::grants::Kind;
use bakehouse_core::progress::Event;
use bakehouse_upstream::fetch::{Download, Downloaded, Route, Unpack};

use super::error::HostError;
use crate::state::{State, bounded};

const LIMIT: Duration = Duration::from_secs(60 * 60);

impl State {
    /// Downloads a URL into the work tree.
    pub(crate) async fn download_file(
        &mut self,
        url: &str,
        integrity: Option<&str>,
        into: &str,
        unpack: Unpack<'_>,
    ) -> Result<Downloaded, HostError> {
        let prepare = self.prepare("fetch.download")?;
        let asset = self.assets.contains(url);
        if !asset {
            self.policy.check(Kind::Downloads, url)?;
        }
        let quota = self.limits.quota();
        let room = quota.measure(prepare.tree()).await?;
        let name = url.rsplit('/').next().unwrap_or_default();
        self.services.reporter.report(Event::TargetStep {
            target: &prepare.target,
            step: &format!("downloading {}", bakehouse_system::terminal::clean(name)),
        });
        let granted = |url: &str| self.policy.check(Kind::Downloads, url);
        let fetcher = self.services.fetcher.open()?.clone();
        let download = fetcher.download(Download {
            url,
            integrity,
            work_tree: prepare.tree(),
            into,
            unpack,
            room,
            route: Route {
                asset,
                granted: &granted,
            },
        });
        let download = async {
            let downloaded = download.await?;
            quota.measure(prepare.tree()).await?;
            Ok::<_, HostError>(downloaded)
        };
        bounded("the download", LIMIT, download).await
    }
}
