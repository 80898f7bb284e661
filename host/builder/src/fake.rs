//! A builder that builds nothing.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bakehouse_core::platform::Platform;
use oci_spec::image::{Descriptor, MediaType, PlatformBuilder, Sha256Digest};
use sha2::{Digest as _, Sha256};

use super::builder::{BuildRequest, Builder, Built, Capabilities, Output};
use crate::error::{BuildError, BuilderError};

/// A builder that builds nothing: for dry runs and tests. It remembers what it
/// was asked, and answers with a digest that depends on nothing else.
#[derive(Default)]
pub struct Fake {
    failing: BTreeMap<Platform, Failing>,
    requests: Mutex<Vec<BuildRequest>>,
}

/// Makes the error of a build.
type Failing = Box<dyn Fn() -> BuildError + Send + Sync>;

impl Fake {
    /// A builder for which every build succeeds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every build for this platform fails with this error.
    #[must_use]
    pub fn failing(
        mut self,
        platform: Platform,
        error: impl Fn() -> BuildError + Send + Sync + 'static,
    ) -> Self {
        self.failing.insert(platform, Box::new(error));
        self
    }

    /// What it was asked so far, in order.
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
            push_by_digest: true,
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
        if let Some(error) = self.failing.get(&request.target.platform) {
            return Err(error());
        }
        let descriptor = match request.output {
            Output::Files(_) => None,
            Output::PushByDigest { .. } | Output::OciArchive(_) => Some(descriptor(request)?),
        };
        Ok(Built {
            descriptor,
            steps: 1,
            cached: 0,
            elapsed: Duration::ZERO,
        })
    }
}

fn descriptor(request: &BuildRequest) -> Result<Descriptor, BuildError> {
    // The work tree's path differs from run to run.
    let of = format!("{} {:?}", request.target, request.build);
    let digest = hex::encode(Sha256::digest(of));
    let other = |e: &dyn std::fmt::Display| BuildError::Metadata(e.to_string());
    let digest = Sha256Digest::from_str(&digest).map_err(|e| other(&e))?;
    let mut descriptor = Descriptor::new(MediaType::ImageManifest, 1000, digest);
    let platform = &request.target.platform;
    let mut builder = PlatformBuilder::default()
        .os(platform.os())
        .architecture(platform.architecture());
    if let Some(variant) = platform.variant() {
        builder = builder.variant(variant);
    }
    descriptor.set_platform(Some(builder.build().map_err(|e| other(&e))?));
    Ok(descriptor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::request;

    #[tokio::test]
    async fn remembers_and_repeats_itself() {
        let arm64: Platform = "linux/arm64".parse().unwrap();
        let mut one = request();
        one.target.platform = "linux/amd64".parse().unwrap();
        let mut two = one.clone();
        two.work_tree = "/elsewhere".into();
        let fake = Fake::new().failing(arm64.clone(), || BuildError::Refused("no".to_owned()));
        let first = fake.build(&one).await.unwrap();
        assert_eq!(first, fake.build(&two).await.unwrap());
        two.target.platform = arm64;
        let error = fake.build(&two).await.unwrap_err();
        assert!(
            matches!(&error, BuildError::Refused(said) if said == "no"),
            "{error:?}"
        );
        assert_eq!(fake.requests().len(), 3);
        let platform = first.descriptor.unwrap().platform().clone().unwrap();
        assert_eq!(platform.architecture().to_string(), "amd64");
    }
}
