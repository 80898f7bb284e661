//! A builder that pushes nothing itself.

use std::sync::Arc;

use async_trait::async_trait;
use bakehouse_core::platform::Platform;

use crate::builder::{BuildRequest, Builder, Built, Capabilities};
use crate::error::{BuildError, BuilderError};

/// Another builder, of which no image goes anywhere but back to this machine.
pub struct HandsBack(pub Arc<dyn Builder>);

#[async_trait]
impl Builder for HandsBack {
    async fn capabilities(&self) -> Result<Capabilities, BuilderError> {
        self.0.capabilities().await.map(without_push)
    }

    async fn look_ahead(&self) {
        self.0.look_ahead().await;
    }

    async fn capabilities_for(&self, platform: &Platform) -> Result<Capabilities, BuilderError> {
        let can = self.0.capabilities_for(platform).await;
        can.map(without_push)
    }

    async fn build(&self, request: &BuildRequest) -> Result<Built, BuildError> {
        self.0.build(request).await
    }
}

fn without_push(capabilities: Capabilities) -> Capabilities {
    Capabilities {
        push_by_digest: false,
        ..capabilities
    }
}
