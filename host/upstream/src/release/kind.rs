//! Kinds of release sources: what each implements, and what it is read with.

use std::sync::Arc;

use async_trait::async_trait;
use bakehouse_core::progress::Reporter;
use bakehouse_registry::Upstream;
use bakehouse_system::http::retry::Pauses;

use super::api::Api;
use super::{About, ForgeAccess, NpmConfig, PipConfig, Release, ReleaseError};

/// One source of releases: a repository, a package, an image.
///
/// A new kind of source is one file that implements this, with a
/// [`SourceKind`], and that kind's line in [`KINDS`](super::table::KINDS).
#[async_trait]
pub(super) trait ReleaseSource: Send + Sync {
    /// All its releases, in any order.
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError>;

    /// The release with a tag, none where there is none, for a source that can
    /// be asked for one by itself. For others it is looked for among
    /// [`all`](Self::all).
    async fn one(&self, _: &Reach, _tag: &str) -> Result<One, ReleaseError> {
        Ok(One::Listed)
    }

    /// Asks for it once, with as little as tells that it can be read.
    async fn probe(&self, reach: &Reach) -> Result<(), ReleaseError> {
        self.all(reach).await.map(drop)
    }

    /// The facts that it tells of the project, as of the release with this tag;
    /// none where it tells nothing.
    async fn about(&self, _: &Reach, _tag: &str) -> Result<About, ReleaseError> {
        Ok(About::default())
    }
}

/// The answer of a source that is asked for one release.
pub(super) enum One {
    /// Only a list tells.
    Listed,
    /// This; none where there is none.
    Asked(Option<Release>),
}

/// The source of a name, none where the name has another form.
pub(super) type Parsed = Result<Option<Arc<dyn ReleaseSource>>, ReleaseError>;

/// A kind of source, written `KIND:NAME`.
pub(super) struct SourceKind {
    /// The word before the `:`.
    pub(super) name: &'static str,
    /// The form of the name behind it, for errors: `OWNER/REPO`.
    pub(super) form: &'static str,
    /// The source of this name; none where the name has another form.
    pub(super) parse: fn(&str) -> Parsed,
}

/// The clients and settings by which sources are read.
pub(super) struct Reach {
    /// JSON APIs.
    pub(super) api: Api,
    /// The addresses of APIs, and their tokens.
    pub(super) access: ForgeAccess,
    /// npm's configuration, which names its registries.
    pub(super) npm: NpmConfig,
    /// pip's configuration, which names the index of Python's packages.
    pub(super) pip: PipConfig,
    /// Plain requests.
    pub(super) http: reqwest::Client,
    /// Pauses that servers ask for.
    pub(super) pauses: Pauses,
    /// Tags of images.
    pub(super) images: Upstream,
    /// Told of retries.
    pub(super) reporter: Arc<dyn Reporter>,
}
