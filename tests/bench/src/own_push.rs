//! Bakehouse's own push of an exported image, as `build` does it where the
//! builder cannot push by digest.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::progress::Silent;
use bakehouse_registry::{Endpoint, Registry};

/// Pushes an OCI archive by digest.
#[tokio::main]
pub(crate) async fn push(host: &str, namespace: &str, image: &str, archive: &Path) -> Result<()> {
    let endpoint = Endpoint::new(host, namespace)?;
    let registry = Registry::new(endpoint, Arc::new(Silent))?;
    registry.push_archive(image, archive).await?;
    Ok(())
}
