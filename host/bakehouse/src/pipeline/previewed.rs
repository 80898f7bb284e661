//! Records of a preview: a version's builds, as they are shown and as JSON.

use bakehouse_core::platform::Platform;
use bakehouse_core::recipe::{Base, Network};
use bakehouse_core::target::TargetId;
use serde::Serialize;

use super::failure_record::FailureRecord;
use crate::diff::DiffLine;
use crate::schema::SchemaNumber;

/// The builds of a version's targets.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Preview {
    /// Number of the schema.
    pub(super) schema: SchemaNumber,
    /// The app.
    pub app: String,
    /// The version's number.
    pub version: String,
    /// The recipe's digest.
    pub recipe: String,
    /// The commit that was checked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<PreviewedSource>,
    /// The targets, in the order in which they are built.
    pub targets: Vec<PreviewedTarget>,
}

/// A commit of upstream's.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PreviewedSource {
    /// Address of the git repository.
    pub repository: String,
    /// The tag, branch or commit that the recipe named.
    pub git_ref: String,
    /// The commit.
    pub commit: String,
}

/// One target.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PreviewedTarget {
    /// The target.
    #[serde(flatten)]
    pub target: TargetId,
    /// The build that its recipe answered with, or the compile step before which
    /// nothing else is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<PreviewedBuild>,
    /// It is the compile step.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub compiles: bool,
    /// Warnings of its recipe.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The reason why it is not known, or cannot be built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<FailureRecord>,
}

/// One BuildKit build. Paths are relative to the work tree.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PreviewedBuild {
    /// The Dockerfile, as BuildKit gets it.
    pub dockerfile: String,
    /// Upstream's file that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<PreviewedOriginal>,
    /// Context folder.
    pub context: String,
    /// `TARGETPLATFORM`.
    pub platform: Platform,
    /// The stage that is built; the last one, where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Network of `RUN` steps.
    pub network: Network,
    /// Build arguments.
    pub args: Vec<(String, String)>,
    /// Named contexts.
    pub contexts: Vec<(String, String)>,
    /// Images of the same version that are built before, and the references in
    /// place of which a run has their digests.
    pub needs: Vec<Base>,
    /// Images that it starts from or takes files from.
    pub bases: Vec<PreviewedBase>,
    /// Labels, the host's own with them.
    pub labels: Vec<(String, String)>,
    /// Names of secrets that `RUN` steps may mount.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

/// Upstream's Dockerfile.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PreviewedOriginal {
    /// Its path in the repository.
    pub path: String,
    /// Its text.
    pub dockerfile: String,
    /// The recipe's changes; nothing where it is as upstream wrote it.
    pub diff: String,
    #[serde(skip)]
    pub(crate) lines: Vec<DiffLine>,
}

/// An image that a build starts from, or takes files from.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PreviewedBase {
    /// The reference, as the build fetches it.
    pub reference: String,
    /// Line of the Dockerfile.
    pub line: usize,
    /// The platform of the image that is taken.
    pub platform: Platform,
    /// The digest to which a grant holds its tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
}

impl Preview {
    /// The problems of its targets.
    pub fn problems(&self) -> impl Iterator<Item = &FailureRecord> {
        self.targets.iter().filter_map(|t| t.problem.as_ref())
    }
}
