//! Upstream's source in a target's work tree.

use std::path::Path;

use anyhow::{Context as _, Result};
use bakehouse_core::grants::Kind;
use bakehouse_core::progress::Event;
use bakehouse_core::recipe::{Checkout, Source, Version};
use bakehouse_core::target::TargetId;
use bakehouse_upstream::git::{Revision, is_commit};

use super::digest_file::DigestFile;
use super::discover::Discovered;
use super::origin::REVISION_ANNOTATION;
use crate::context::Context;
use crate::failure::{ExitCode, Failure};

/// Checks out what a version names as its source, if it does, into the empty
/// folder `tree`. All targets of a version get the same commit, even when a tag
/// moves between them.
///
/// # Errors
/// As [`Sources::checkout`](bakehouse_upstream::git::Sources::checkout), naming the
/// target.
pub(super) async fn checkout(
    context: &Context,
    found: &Discovered,
    version: &Version,
    target: &TargetId,
    tree: &Path,
) -> Result<Option<Revision>> {
    let Some(source) = &version.source else {
        return Ok(None);
    };
    let step = |step: &str| context.reporter.report(Event::TargetStep { target, step });
    step(&format!(
        "checking out {} of {}",
        source.git_ref, source.repository
    ));
    let known = match built(context, found, version, source) {
        Some(commit) => Some(commit),
        None => published(context, target).await?,
    };
    let policy = found.recipe.policy();
    let granted = |repository: &str| policy.check(Kind::Sources, repository);
    let revision = context
        .sources
        .checkout(source, known.as_deref(), granted, tree)
        .await
        .with_context(|| target.to_string())?;
    step(&format!("at commit {}", revision.commit));
    Ok(Some(revision))
}

/// The checkout that the work tree of a version holds, as its recipe is told it.
pub(super) fn checked_out(version: &Version, revision: Option<&Revision>) -> Option<Checkout> {
    let (source, revision) = (version.source.as_ref()?, revision?);
    Some(Checkout {
        repository: source.repository.clone(),
        git_ref: source.git_ref.clone(),
        commit: revision.commit.clone(),
        committed: revision.committed.clone(),
    })
}

/// The commit that an earlier run built another target of this version from.
fn built(
    context: &Context,
    found: &Discovered,
    version: &Version,
    source: &Source,
) -> Option<String> {
    let targets = found.app.images.iter().flat_map(|image| {
        image.platforms.iter().map(|platform| TargetId {
            app: found.app.name.clone(),
            version: version.number.clone(),
            image: image.name.clone(),
            platform: platform.clone(),
        })
    });
    let endpoint = context.registry.endpoint();
    targets
        // One that cannot be read is that target's own failure.
        .filter_map(|target| {
            DigestFile::read(&context.project.digests(), endpoint, &target).ok()?
        })
        .filter(|file| file.version.source.as_ref() == Some(source))
        .find_map(|file| file.revision)
        .map(|revision| revision.commit)
}

/// The commit of the platforms that the version's tag shows already.
async fn published(context: &Context, target: &TargetId) -> Result<Option<String>> {
    let registry = &context.registry;
    let published = registry.published(&target.image, &target.version).await?;
    let commit = published.and_then(|mut index| index.annotations.remove(REVISION_ANNOTATION));
    Ok(commit.filter(|commit| is_commit(commit)))
}

/// The one commit that images of an index were built from; none where no
/// source was checked out.
///
/// # Errors
/// A [`Failure`] with [`ExitCode::Config`] when there are several: the tag moved
/// between builds on machines that knew nothing of each other.
pub fn one_commit<'a>(
    reference: &str,
    revisions: impl IntoIterator<Item = &'a Revision>,
) -> Result<Option<Revision>, Failure> {
    let mut revisions = revisions.into_iter();
    let Some(first) = revisions.next() else {
        return Ok(None);
    };
    match revisions.find(|other| other.commit != first.commit) {
        None => Ok(Some(first.clone())),
        Some(other) => Err(Failure::new(
            ExitCode::Config,
            format!(
                "{reference} would mix commits {} and {}",
                first.commit, other.commit
            ),
        )
        .hint("upstream moved its tag between the builds: delete the version's digest files and build all platforms again")),
    }
}

#[cfg(test)]
mod tests {
    use bakehouse_core::date::Date;

    use super::*;

    #[test]
    fn images_of_an_index_are_of_one_commit() {
        let revision = |commit: &str| Revision {
            commit: commit.to_owned(),
            committed: Date::parse("2025-01-01T00:00:00Z"),
        };
        let (a, b) = (revision("a"), revision("b"));
        assert_eq!(one_commit("r", []).unwrap(), None);
        assert_eq!(one_commit("r", [&a, &a]).unwrap(), Some(a.clone()));
        let failure = one_commit("r", [&a, &a, &b]).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Config);
        assert!(failure.to_string().contains("mix commits a and b"));
    }
}
