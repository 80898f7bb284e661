//! `bakehouse:recipe/fetch`: `download`.

use std::time::Duration;

use bakehouse_core::grants::Kind;
use bakehouse_core::progress::Event;
use bakehouse_upstream::fetch;

use super::error::HostError;
use crate::bindings::bakehouse::recipe::fetch::{Downloaded, Host, Unpack};
use crate::state::{State, bounded};

const LIMIT: Duration = Duration::from_secs(60 * 60);

impl Host for State {
    async fn download(
        &mut self,
        url: String,
        integrity: Option<String>,
        into: String,
        unpack: Unpack,
    ) -> Result<Downloaded, HostError> {
        let prepare = self.prepare("fetch.download")?;
        let asset = self.assets.contains(&url);
        if !asset {
            self.policy.check(Kind::Downloads, &url)?;
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
        let download = fetcher.download(fetch::Download {
            url: &url,
            integrity: integrity.as_deref(),
            work_tree: prepare.tree(),
            into: &into,
            unpack: match unpack {
                Unpack::None => fetch::Unpack::None,
                Unpack::Tar(strip) => fetch::Unpack::Tar(strip),
                Unpack::TarGz(strip) => fetch::Unpack::TarGz(strip),
            },
            room,
            route: fetch::Route {
                asset,
                granted: &granted,
            },
        });
        let download = async {
            let downloaded = download.await?;
            quota.measure(prepare.tree()).await?;
            Ok::<_, HostError>(downloaded)
        };
        let fetch::Downloaded { size, digest } = bounded("the download", LIMIT, download).await?;
        Ok(Downloaded { size, digest })
    }
}
