//! The table of release sources.

use super::kind::SourceKind;
use super::{git_tags, gitea, github, gitlab, npm, oci, pypi};

/// Every kind of source that this host knows: a line each.
pub(super) const KINDS: &[SourceKind] = &[
    github::RELEASES,
    github::TAGS,
    gitlab::RELEASES,
    gitlab::TAGS,
    gitea::RELEASES,
    gitea::TAGS,
    git_tags::KIND,
    npm::KIND,
    pypi::KIND,
    oci::KIND,
];
