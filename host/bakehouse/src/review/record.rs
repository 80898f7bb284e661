//! The record of a review, as far as it is known without a build.

use serde::{Deserialize, Serialize};

use super::{GrantsChange, PublishedSizes, TouchedApp};
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::plan::Plan;
use crate::schema::SchemaNumber;

/// The effects of a change on a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// Number of the schema.
    pub schema: SchemaNumber,
    /// The commit that it is compared with.
    pub base: Base,
    /// Apps that it touches, by name.
    pub apps: Vec<TouchedApp>,
    /// Those of them that are not built, since there are too many.
    pub unbuilt: Vec<String>,
    /// Differences in what apps may do.
    pub grants: Vec<GrantsChange>,
    /// Sizes of what is published of them.
    pub published: Vec<PublishedSizes>,
    /// Notes, one sentence each.
    pub notes: Vec<String>,
    /// The newest version of each image that is built.
    pub plan: Plan,
    /// The reasons why apps could not be looked at.
    pub failures: Vec<FailureRecord>,
}

/// A commit that a change begins at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Base {
    /// Its name, as it was given.
    pub revision: String,
    /// Its hash: the last commit that is of both.
    pub commit: String,
}

impl Base {
    /// The first digits of its hash, as git shows them.
    #[must_use]
    pub fn short(&self) -> &str {
        self.commit.get(..7).unwrap_or(&self.commit)
    }
}
