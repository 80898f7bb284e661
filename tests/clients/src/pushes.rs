//! A run's dealings with a registry, by the library, with the proxy in between.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::{Event, Reporter};
use bakehouse_loopback::{FaultProxy, Image, Layer, write_archive};
use bakehouse_registry::{
    Child, Endpoint, MergeRequest, Move, Registry, Replace, RetryPolicy, VERSION_ANNOTATION,
};
use bakehouse_system::docker::credentials::RegistryAuth;
use tempfile::TempDir;

use crate::Given;

/// Namespace of everything that is pushed.
pub const NAMESPACE: &str = "test";
/// Both platforms' architectures.
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// Two platforms' images, in archives.
pub struct Archives {
    folder: TempDir,
    /// What is in them, by architecture.
    pub images: BTreeMap<String, Image>,
}

impl Archives {
    /// Images with a layer in common, a layer of their own, and one that is too
    /// large for a single request.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn packed() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let images = ARCHITECTURES
            .iter()
            .zip(1..)
            .map(|(architecture, seed)| {
                let layers = [
                    Layer {
                        seed: 0,
                        size: 3000,
                    },
                    Layer { seed, size: 2000 },
                    Layer {
                        seed: seed + 10,
                        size: 1_500_000,
                    },
                ];
                let path = folder.path().join(architecture);
                let image = write_archive(&path, architecture, &layers);
                ((*architecture).to_owned(), image)
            })
            .collect();
        Self { folder, images }
    }

    /// Pushes both, merges them under a version, moves `latest`.
    ///
    /// # Errors
    /// What the registry refused.
    pub async fn publish(&self, registry: &Registry, image: &str, version: &str) -> Result<()> {
        let pushes = ARCHITECTURES.map(|architecture| async move {
            let path = self.folder.path().join(architecture);
            let platform = platform(architecture);
            let mut descriptor = registry.push_archive(image, &path).await?;
            let digest = descriptor.digest().to_string();
            let pushed = registry.pushed(image, &digest, None).await?;
            assert!(pushed.platforms.contains_key(&platform));
            descriptor.set_platform(Some(platform.to_oci()));
            Ok::<_, anyhow::Error>(Child {
                platform,
                descriptor,
                attestations: Vec::new(),
                recipe: None,
            })
        });
        let children = futures_util::future::try_join_all(pushes).await?;
        let wanted = ARCHITECTURES.map(platform);
        let annotations = BTreeMap::from([(VERSION_ANNOTATION.to_owned(), version.to_owned())]);
        let request = MergeRequest {
            image,
            version,
            children,
            wanted: &wanted,
            annotations,
            replace: Replace::Never,
            labels: None,
        };
        let merged = registry.merge(&request).await?;
        let latest = Move {
            tag: "latest".to_owned(),
            version: version.to_owned(),
            manifest: Some(merged.manifest),
        };
        let templates = ["latest".to_owned()];
        registry.move_tags(image, &[latest], &templates).await?;
        Ok(())
    }

    /// Pushes one of them.
    ///
    /// # Errors
    /// What the registry refused.
    pub async fn push(&self, registry: &Registry, image: &str) -> Result<()> {
        let path = self.folder.path().join(ARCHITECTURES[0]);
        registry.push_archive(image, &path).await?;
        Ok(())
    }
}

fn platform(architecture: &str) -> Platform {
    format!("linux/{architecture}").parse().unwrap()
}

/// Limits that are met soon, and pauses that hardly are ones.
pub fn hasty() -> RetryPolicy {
    RetryPolicy {
        attempts: 5,
        first_pause: Duration::from_millis(2),
        max_pause: Duration::from_millis(20),
        max_retry_after: Duration::from_secs(10),
        connect: Duration::from_millis(500),
        answer: Duration::from_millis(500),
        silence: Duration::from_millis(500),
        parallel: 8,
        ..RetryPolicy::default()
    }
}

/// A client of the registry behind the proxy.
pub fn through(
    proxy: &Arc<FaultProxy>,
    auth: RegistryAuth,
    policy: RetryPolicy,
) -> (Registry, Arc<Retries>) {
    let retries = Arc::new(Retries {
        proxy: Arc::clone(proxy),
        seen: Mutex::default(),
    });
    let endpoint = Endpoint::new(&proxy.host(), NAMESPACE).unwrap();
    let reporter: Arc<dyn Reporter> = retries.clone();
    let registry = Registry::with(endpoint, Arc::new(Given(auth)), policy, reporter).unwrap();
    (registry, retries)
}

/// The retries that were told. A proxy that is down comes up again once the
/// client has seen that it is.
pub struct Retries {
    proxy: Arc<FaultProxy>,
    seen: Mutex<Vec<(String, Duration)>>,
}

impl Retries {
    /// What was repeated, and after which pause.
    pub fn seen(&self) -> Vec<(String, Duration)> {
        self.seen.lock().unwrap().clone()
    }
}

impl Reporter for Retries {
    fn report(&self, event: Event<'_>) {
        if let Event::Retry { what, after } = event {
            if what.contains("no connection") {
                self.proxy.up();
            }
            self.seen.lock().unwrap().push((what.to_owned(), after));
        }
    }
}
