//! A builder for tests: it packs an image of one small layer where BuildKit
//! would run steps.

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bakehouse_core::error::chain;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::Silent;
use bakehouse_core::storage_error::At as _;
use bakehouse_core::target::TargetId;
use bakehouse_loopback::{Layer, write_archive_with};
use bakehouse_registry::{Endpoint, Registry};
use oci_spec::image::Descriptor;

use super::builder::{BuildRequest, Builder, Built, Capabilities, Output};
use crate::error::{BuildError, BuilderError};

/// Bytes of an image's one file.
const SIZE: u64 = 64;

/// A builder that runs no step. Each image is a real one for the platform and with
/// the labels that were asked for, its bytes depend on nothing else, and it is
/// pushed or exported as asked for; files it makes none. It remembers what it was
/// asked.
#[derive(Default)]
pub struct Fake {
    exports_only: bool,
    failing: Option<Failing>,
    requests: Mutex<Vec<BuildRequest>>,
}

/// The error of a target's build, where it has one.
type Failing = Box<dyn Fn(&TargetId) -> Option<BuildError> + Send + Sync>;

impl Fake {
    /// A builder that pushes by digest, as BuildKit does.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// It exports images for the host to push, as the Docker Engine's own does.
    #[must_use]
    pub const fn exports_only(mut self) -> Self {
        self.exports_only = true;
        self
    }

    /// Builds of targets for which there is an error fail with it.
    #[must_use]
    pub fn failing(
        mut self,
        error: impl Fn(&TargetId) -> Option<BuildError> + Send + Sync + 'static,
    ) -> Self {
        self.failing = Some(Box::new(error));
        self
    }

    /// The requests so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<BuildRequest> {
        let requests = self.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Builder for Fake {
    async fn capabilities(&self) -> Result<Capabilities, BuilderError> {
        let others = ["amd64", "arm64"].map(|arch| Platform::new("linux", arch, None));
        Ok(Capabilities {
            name: "fake".to_owned(),
            driver: "fake".to_owned(),
            buildkit: None,
            native: vec![Platform::native()],
            platforms: others.into_iter().flatten().collect(),
            push_by_digest: !self.exports_only,
            oci_export: true,
        })
    }

    async fn build(&self, request: &BuildRequest) -> Result<Built, BuildError> {
        {
            let requests = self.requests.lock();
            requests
                .unwrap_or_else(PoisonError::into_inner)
                .push(request.clone());
        }
        let failing = self.failing.as_ref();
        if let Some(error) = failing.and_then(|error| error(&request.target)) {
            return Err(error);
        }
        let descriptor = match &request.output {
            Output::Files(_) => None,
            Output::OciArchive(path) => {
                pack(request, path);
                None
            }
            Output::PushByDigest { repository, .. } => Some(push(request, repository).await?),
        };
        Ok(Built {
            config: None,
            descriptor,
            steps: 1,
            cached: 0,
            elapsed: Duration::ZERO,
        })
    }
}

/// Writes the image as an OCI layout.
fn pack(request: &BuildRequest, to: &Path) {
    let platform = &request.build.platform;
    let layer = Layer {
        seed: 0,
        size: SIZE,
    };
    write_archive_with(to, platform.architecture(), &[layer], |config, _| {
        config["os"] = platform.os().into();
        if let Some(variant) = platform.variant() {
            config["variant"] = variant.into();
        }
        if let Some(created) = &request.created {
            config["created"] = created.as_str().into();
        }
        for (name, value) in &request.build.labels {
            config["config"]["Labels"][name] = value.as_str().into();
        }
    });
}

/// Pushes the image to `HOST/NAMESPACE/IMAGE`.
async fn push(request: &BuildRequest, repository: &str) -> Result<Descriptor, BuildError> {
    let (host, path) = repository.split_once('/').unwrap_or((repository, ""));
    let (namespace, image) = path.rsplit_once('/').unwrap_or(("", path));
    let endpoint = Endpoint::new(host, namespace).map_err(|error| refused(&error))?;
    let registry = Registry::new(endpoint, Arc::new(Silent)).map_err(|error| refused(&error))?;
    let room = std::env::temp_dir();
    let room = tempfile::tempdir_in(&room).at("write to", &room)?;
    let archive = room.path().join("image.tar");
    pack(request, &archive);
    let pushed = registry.push_archive(image, &archive).await;
    pushed.map_err(|error| refused(&error))
}

fn refused(why: &(dyn Error + 'static)) -> BuildError {
    BuildError::PushFailed(chain(why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::request;

    #[tokio::test]
    async fn packs_the_same_for_the_same_request_and_remembers_it() {
        let room = tempfile::tempdir().unwrap();
        let arm64: Platform = "linux/arm64".parse().unwrap();
        let fails = arm64.clone();
        let fake = Fake::new().failing(move |target| {
            let refused = || BuildError::Refused("no".to_owned());
            (target.platform == fails).then(refused)
        });
        let mut archives = Vec::new();
        for (name, version) in [("a", "1"), ("b", "1"), ("c", "2")] {
            let mut one = request();
            one.target.platform = "linux/amd64".parse().unwrap();
            one.build.platform = one.target.platform.clone();
            one.build.labels = vec![("version".to_owned(), version.to_owned())];
            one.output = Output::OciArchive(room.path().join(name));
            fake.build(&one).await.unwrap();
            archives.push(std::fs::read(room.path().join(name)).unwrap());
        }
        assert!(archives[0] == archives[1]);
        assert!(archives[0] != archives[2]);

        let mut other = request();
        other.target.platform = arm64;
        let error = fake.build(&other).await.unwrap_err();
        assert!(
            matches!(&error, BuildError::Refused(said) if said == "no"),
            "{error:?}"
        );
        assert_eq!(fake.requests().len(), 4);
    }
}
