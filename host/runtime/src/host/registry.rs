//! `bakehouse:recipe/registry`: `head`, `platforms`, `tags`.

use std::time::Duration;

use bakehouse_core::grants::Kind;
use bakehouse_core::recipe::CallError;

use crate::bindings::bakehouse::recipe::registry::{Descriptor, Host};
use crate::bindings::bakehouse::recipe::types::Platform;
use crate::state::{State, bounded};

const LIMIT: Duration = Duration::from_secs(120);

impl Host for State {
    async fn head(&mut self, reference: String) -> Result<Descriptor, CallError> {
        self.policy.check(Kind::Bases, &reference)?;
        let upstream = self.services.upstream.clone();
        let found = bounded(&format!("reading {reference}"), LIMIT, async {
            Ok(upstream.head(&reference).await?)
        })
        .await?;
        Ok(found.into())
    }

    async fn platforms(&mut self, reference: String) -> Result<Vec<Platform>, CallError> {
        self.policy.check(Kind::Bases, &reference)?;
        let upstream = self.services.upstream.clone();
        let found = bounded(&format!("reading {reference}"), LIMIT, async {
            Ok(upstream.platforms(&reference).await?)
        })
        .await?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    async fn tags(&mut self, repository: String) -> Result<Vec<String>, CallError> {
        self.policy.check(Kind::Bases, &repository)?;
        let upstream = self.services.upstream.clone();
        bounded(&format!("listing {repository}"), LIMIT, async {
            Ok(upstream.tags(&repository).await?)
        })
        .await
    }
}
