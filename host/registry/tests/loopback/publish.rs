//! The example, against the embedded registry.

use std::sync::Arc;

use bakehouse_core::platform::Platform;
use bakehouse_core::progress::Silent;
use bakehouse_loopback::{Layer, write_archive};
use bakehouse_registry::{Endpoint, LocalRegistry, Moved, Registry};

#[path = "../../examples/publish.rs"]
mod example;

#[tokio::test]
async fn the_example_publishes_both_platforms_and_moves_latest_only_forward() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("registry");
    let local = LocalRegistry::open(&store, 0, Arc::new(Silent));
    let local = local.await.unwrap();
    let endpoint = Endpoint::new(&local.address().to_string(), "acme").unwrap();
    let registry = Registry::new(endpoint.embedded(), Arc::new(Silent)).unwrap();
    let platforms: Vec<Platform> = ["linux/amd64", "linux/arm64"]
        .map(|platform| platform.parse().unwrap())
        .into();
    for (version, seed, moved) in [
        ("1.1.0", 1, Moved::Forward),
        (
            "1.0.0",
            2,
            Moved::Skipped("it is at 1.1.0, which is newer".to_owned()),
        ),
    ] {
        let layouts: Vec<_> = platforms
            .iter()
            .map(|platform| {
                let path = folder.path().join(platform.slug());
                let layer = Layer { seed, size: 2000 };
                write_archive(&path, platform.architecture(), &[layer]);
                (platform.clone(), path)
            })
            .collect();
        let became = example::publish(&registry, "app", version, &layouts).await;
        assert_eq!(became.unwrap(), moved);
    }
    let latest = registry.published("app", "latest").await.unwrap().unwrap();
    let has: Vec<_> = latest.platforms.keys().cloned().collect();
    assert_eq!(has, platforms);
    let newest = registry.head("app", "1.1.0").await.unwrap().unwrap();
    assert_eq!(latest.descriptor.digest(), newest.digest());
}
