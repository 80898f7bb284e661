//! `bakehouse:recipe/registry`: `head`, `platforms`, `tags`.

use std::time::Duration;

use bakehouse_core::grants::Kind;

use super::error::HostError;
use crate::bindings::bakehouse::recipe::registry::{Descriptor, Host};
use crate::bindings::bakehouse::recipe::types::Platform;
use crate::state::{State, bounded};

const LIMIT: Duration = Duration::from_secs(120);

impl Host for State {
    async fn head(&mut self, reference: String) -> Result<Descriptor, HostError> {
        self.policy.check(Kind::Bases, &reference)?;
        let upstream = self.services.upstream.clone();
        let found = bounded(
            &format!("reading {reference}"),
            LIMIT,
            upstream.head(&reference),
        )
        .await?;
        Ok(found.into())
    }

    async fn platforms(&mut self, reference: String) -> Result<Vec<Platform>, HostError> {
        self.policy.check(Kind::Bases, &reference)?;
        let upstream = self.services.upstream.clone();
        let found = bounded(
            &format!("reading {reference}"),
            LIMIT,
            upstream.platforms(&reference),
        )
        .await?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    async fn tags(&mut self, repository: String) -> Result<Vec<String>, HostError> {
        self.policy.check(Kind::Bases, &repository)?;
        let upstream = self.services.upstream.clone();
        bounded(
            &format!("listing {repository}"),
            LIMIT,
            upstream.tags(&repository),
        )
        .await
    }
}
