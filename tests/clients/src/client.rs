//! The library's registry client, with images to push.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bakehouse_core::progress::{Reporter, Silent};
use bakehouse_loopback::{Layer, write_archive};
use bakehouse_registry::{Child, Endpoint, MergeRequest, Registry, Replace, RetryPolicy};
use bakehouse_system::docker::credentials::{
    Anonymous, Credentials, CredentialsError, RegistryAuth,
};
use oci_spec::image::Descriptor;

/// Both platforms that tests publish.
pub const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

/// A reporter for nobody.
pub fn silent() -> Arc<dyn Reporter> {
    Arc::new(Silent)
}

/// These credentials.
pub struct Given(pub RegistryAuth);

#[async_trait]
impl Credentials for Given {
    async fn find(&self) -> Result<RegistryAuth, CredentialsError> {
        Ok(self.0.clone())
    }
}

/// Limits that let a test end soon.
pub fn quick() -> RetryPolicy {
    RetryPolicy {
        first_pause: Duration::from_millis(5),
        max_pause: Duration::from_millis(40),
        answer: Duration::from_secs(20),
        ..RetryPolicy::default()
    }
}

/// A client for `HOST/test`.
pub fn client(host: &str) -> Registry {
    client_as(host, Arc::new(Anonymous))
}

/// The same with credentials.
pub fn client_as(host: &str, credentials: Arc<dyn Credentials>) -> Registry {
    let endpoint = Endpoint::new(host, "test").unwrap();
    Registry::with(endpoint, credentials, quick(), silent()).unwrap()
}

/// Pushes an image of random bytes, the same for the same seed.
pub async fn push(registry: &Registry, image: &str, platform: &str, seed: u64) -> Descriptor {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    let layers = [
        Layer { seed, size: 2000 },
        Layer {
            seed: 0,
            size: 3000,
        },
    ];
    write_archive(&path, platform.strip_prefix("linux/").unwrap(), &layers);
    registry.push_archive(image, &path).await.unwrap()
}

/// An image for a platform, as `pipeline` gives it to a merge.
pub fn child(platform: &str, descriptor: &Descriptor) -> Child {
    Child::new(platform.parse().unwrap(), descriptor.clone())
}

/// What is merged under a version of `app`, with its version annotation.
pub fn request(version: &str, children: Vec<Child>) -> MergeRequest<'_> {
    MergeRequest {
        image: "app",
        version,
        children,
        wanted: &[],
        annotations: [(
            bakehouse_registry::VERSION_ANNOTATION.to_owned(),
            version.to_owned(),
        )]
        .into(),
        replace: Replace::Never,
        labels: None,
    }
}

/// Pushes and merges both platforms of a version of `app`.
pub async fn publish(registry: &Registry, version: &str, seed: u64) {
    let mut children = Vec::new();
    for platform in PLATFORMS {
        children.push(child(
            platform,
            &push(registry, "app", platform, seed).await,
        ));
    }
    registry.merge(&request(version, children)).await.unwrap();
}

/// The message of a failure, with its causes.
///
/// # Panics
/// When it did not fail.
pub fn told<T, E: Into<anyhow::Error>>(result: Result<T, E>) -> String {
    let Err(error) = result else {
        panic!("it did not fail")
    };
    format!("{:#}", error.into())
}
