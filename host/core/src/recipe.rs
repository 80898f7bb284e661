//! The contract's records (`wit/`) as the host's own data.
//!
//! `runtime` converts them from and to the generated bindings, so that plans and
//! digest files do not change when the contract grows.

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::date::{self, Date};
pub use crate::grants::Want;
use crate::options::OptionDeclaration;
use crate::platform::Platform;

/// The app, as its recipe describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// Its name, as the folder in `apps/`.
    pub name: String,
    /// Version of the recipe itself.
    pub recipe_version: String,
    /// One line for people.
    pub summary: String,
    /// Home page or source repository.
    pub upstream: String,
    /// SPDX licence expression.
    pub license: String,
    /// The images it publishes.
    pub images: Vec<Image>,
    /// More that images may say of it: `vendor`, `documentation`, `url`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<(String, String)>,
    /// The recipe's wants: all that it declares to need.
    #[serde(skip)]
    pub wants: Vec<Want>,
    /// The options that it declares; none where its contract does not know of
    /// that.
    #[serde(skip)]
    pub options: Option<Vec<OptionDeclaration>>,
    /// The order of the app's versions.
    #[serde(skip)]
    pub ordering: Ordering,
}

/// The quality that makes one version of an app newer than another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ordering {
    /// Its number.
    #[default]
    Number,
    /// The order in which they are listed, newest first.
    Listed,
}

/// One repository that an app publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Repository name below the namespace.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// Images of the same app to build first.
    pub needs: Vec<String>,
    /// Platforms the recipe can build it for.
    pub platforms: Vec<Platform>,
    /// Others are built on it, and it gets no tag: `publish = false` in app.toml.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unpublished: bool,
}

/// One version of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// Normalised number, the image tag.
    pub number: String,
    /// The source that is checked out as work tree; without it the work tree starts
    /// empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Not for general use; never becomes `latest`.
    #[serde(default)]
    pub prerelease: bool,
    /// The date on which upstream published it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "date::if_any"
    )]
    pub created: Option<Date>,
    /// Number of the version that this is another packaging of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_of: Option<String>,
    /// Facts for the recipe's later calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<(String, String)>,
    /// Moving tags that it would have, if other versions did not have their
    /// names. The host's own, since only it knows all versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<String>,
}

/// Upstream's source at one revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Address of the git repository.
    pub repository: String,
    /// A tag, branch or commit.
    pub git_ref: String,
    /// Check out submodules, too.
    #[serde(default)]
    pub submodules: bool,
}

/// Upstream's source, as it was checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Address of the git repository.
    pub repository: String,
    /// The tag, branch or commit that was asked for.
    pub git_ref: String,
    /// The commit that this is, 40 or 64 hexadecimal digits.
    pub commit: String,
    /// The date on which it was committed.
    pub committed: Option<Date>,
}

/// One image for one platform.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Target {
    /// Image name.
    pub image: String,
    /// Platform.
    pub platform: Platform,
}

/// A base image built in the same job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Base {
    /// Its name, one of the image's `needs`.
    pub image: String,
    /// Reference by digest.
    pub reference: String,
}

/// The place of a build's Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Dockerfile {
    /// A file relative to the work tree.
    Path(String),
    /// Its text.
    Inline(String),
}

/// The network that `RUN` steps may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Nothing.
    None,
    /// The builder's own network.
    Default,
}

/// One BuildKit build, paths relative to the work tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// Context folder.
    pub context: String,
    /// The Dockerfile.
    pub dockerfile: Dockerfile,
    /// `TARGETPLATFORM`.
    pub platform: Platform,
    /// Stage to stop at.
    pub stage: Option<String>,
    /// Build arguments.
    pub args: Vec<(String, String)>,
    /// Named contexts.
    pub contexts: Vec<(String, String)>,
    /// Image labels.
    pub labels: Vec<(String, String)>,
    /// Network of `RUN` steps.
    pub network: Network,
    /// Names of secrets that `RUN` steps may mount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

/// The result of a recipe's work on a target's work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The final build.
    pub build: Build,
    /// The checks that its image must pass before it is published.
    pub checks: Vec<Check>,
    /// The recipe's warnings meanwhile, one line each.
    pub warnings: Vec<String>,
}

/// The reasons why a call that a recipe made, or a recipe itself, failed: the
/// contract's `error` variant. Each case holds one sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Does not exist upstream.
    #[error("{0}")]
    NotFound(String),
    /// No grant; the sentence names the missing grant and the line to add.
    #[error("{0}")]
    Denied(String),
    /// An argument is unusable.
    #[error("{0}")]
    InvalidInput(String),
    /// The other side wants a pause.
    #[error("{0}")]
    RateLimited(String),
    /// Not reachable, or failing.
    #[error("{0}")]
    Unavailable(String),
    /// Took longer than its limit.
    #[error("{0}")]
    Timeout(String),
    /// BuildKit ran the build and it failed.
    #[error("{0}")]
    BuildFailed(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}
