//! Publishing a multi-arch image from OCI layouts.
//!
//! `publish HOST NAMESPACE IMAGE VERSION PLATFORM=LAYOUT.tar...` pushes each
//! platform's image by digest, merges the digests into one index under the
//! version's tag, and moves `latest` there, unless it shows a newer version.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use bakehouse_core::platform::Platform;
use bakehouse_core::progress::Silent;
use bakehouse_registry::{
    Child, Endpoint, MergeRequest, Moved, Registry, Replace, VERSION_ANNOTATION,
};

/// Pushes, merges and tags; what became of `latest`.
pub(crate) async fn publish(
    registry: &Registry,
    image: &str,
    version: &str,
    layouts: &[(Platform, PathBuf)],
) -> Result<Moved, Box<dyn Error>> {
    let mut children = Vec::new();
    for (platform, layout) in layouts {
        let descriptor = registry.push_archive(image, layout).await?;
        children.push(Child::new(platform.clone(), descriptor));
    }
    let wanted: Vec<Platform> = layouts.iter().map(|(of, _)| of.clone()).collect();
    let request = MergeRequest {
        image,
        version,
        children,
        wanted: &wanted,
        annotations: BTreeMap::from([(VERSION_ANNOTATION.to_owned(), version.to_owned())]),
        replace: Replace::Never,
        labels: None,
    };
    registry.merge(&request).await?;
    Ok(registry.move_tag(image, "latest", version).await?)
}

#[tokio::main]
#[allow(dead_code, reason = "a test runs `publish`")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, namespace, image, version, layouts @ ..] = arguments.as_slice() else {
        return Err("publish HOST NAMESPACE IMAGE VERSION PLATFORM=LAYOUT.tar...".into());
    };
    let mut given = Vec::new();
    for layout in layouts {
        let (platform, path) = layout.split_once('=').ok_or("write PLATFORM=LAYOUT.tar")?;
        given.push((platform.parse()?, PathBuf::from(path)));
    }
    let registry = Registry::new(Endpoint::new(host, namespace)?, Arc::new(Silent))?;
    publish(&registry, image, version, &given).await?;
    Ok(())
}
