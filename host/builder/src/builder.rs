//! The builder interface: capabilities, build requests, and their results.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use bakehouse_core::date::Date;
use bakehouse_core::grants::Access;
use bakehouse_core::platform::Platform;
use bakehouse_core::recipe::Build;
use bakehouse_core::target::TargetId;
use bakehouse_system::quota::Quota;
use oci_spec::image::{Descriptor, Digest};

use crate::error::{BuildError, BuilderError};

/// Runs BuildKit builds.
#[async_trait]
pub trait Builder: Send + Sync {
    /// The builder's abilities; asked once a run, before work is given to it.
    ///
    /// # Errors
    /// When there is no usable builder.
    async fn capabilities(&self) -> Result<Capabilities, BuilderError>;

    /// Looks at the builder before it is known whether there is work for it, and
    /// starts nothing. Whatever is wrong is told by who gives it work.
    async fn look_ahead(&self) {}

    /// The abilities of the builder that gets a platform's builds.
    ///
    /// # Errors
    /// As [`capabilities`](Self::capabilities), where it is the one that is not
    /// usable.
    async fn capabilities_for(&self, platform: &Platform) -> Result<Capabilities, BuilderError> {
        let _ = platform;
        self.capabilities().await
    }

    /// Runs one build to its end.
    ///
    /// # Errors
    /// [`BuildError::Step`] with the failing step and its last output lines,
    /// [`BuildError::BuilderGone`] when the builder went away.
    async fn build(&self, request: &BuildRequest) -> Result<Built, BuildError>;
}

/// The abilities of a builder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The builder's name, as in `docker buildx ls`.
    pub name: String,
    /// Its driver: `docker`, `docker-container`, `kubernetes`, `remote`.
    pub driver: String,
    /// BuildKit's version, where it says so.
    pub buildkit: Option<String>,
    /// The platforms of the nodes themselves, which run without emulation.
    pub native: Vec<Platform>,
    /// Platforms it builds for, natively or emulated.
    pub platforms: Vec<Platform>,
    /// Whether the image exporter takes `push-by-digest=true`. Where it does
    /// not, the image is exported as an OCI layout and pushed by the host.
    pub push_by_digest: bool,
    /// Whether `type=oci` export works.
    pub oci_export: bool,
}

/// One build and where its result goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildRequest {
    /// The target it is for.
    pub target: TargetId,
    /// Absolute path of the work tree; all of `build`'s paths are inside it.
    pub work_tree: PathBuf,
    /// The build.
    pub build: Build,
    /// The images and addresses that it may fetch; BuildKit enforces it.
    pub access: Access,
    /// The destination of the result.
    pub output: Output,
    /// The most that a result which comes back to the host may hold: an archive
    /// has bytes, files are counted, too.
    pub room: Quota,
    /// Add SLSA provenance (`--provenance`).
    pub provenance: bool,
    /// The date at which the image counts as made: `SOURCE_DATE_EPOCH`, and younger
    /// files in layers get this time, so that the same inputs make the same digest.
    pub created: Option<Date>,
}

/// The destination of the result of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// BuildKit pushes it, untagged (`push-by-digest=true,name-canonical=true`).
    PushByDigest {
        /// `host[:port]/namespace/image`.
        repository: String,
        /// The registry speaks plain HTTP.
        plain_http: bool,
    },
    /// An OCI image layout as a tar archive (image-spec v1.1, "Image Layout").
    OciArchive(PathBuf),
    /// The files of the last stage, in this folder.
    Files(PathBuf),
}

impl Output {
    /// Whether a builder with these abilities gives such a result.
    #[must_use]
    pub(crate) const fn fits(&self, can: &Capabilities) -> bool {
        match self {
            Self::PushByDigest { .. } => can.push_by_digest,
            Self::OciArchive(_) => can.oci_export,
            Self::Files(_) => true,
        }
    }
}

/// A finished build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The descriptor of the image that was pushed or exported; none for
    /// [`Output::Files`].
    pub descriptor: Option<Descriptor>,
    /// The digest of its configuration, where the builder tells it.
    pub config: Option<Digest>,
    /// Steps BuildKit ran or took from its cache, those of the target's compile
    /// steps included.
    pub steps: usize,
    /// Of these, the ones taken from its cache.
    pub cached: usize,
    /// Wall time.
    pub elapsed: Duration,
}
