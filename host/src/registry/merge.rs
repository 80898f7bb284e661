//! Merging platform images into one index, tagging it, and moving tags.

use std::collections::BTreeMap;

use anyhow::Result;
use oci_spec::image::Descriptor;

use super::client::{Published, Registry};
use super::index::{self, Child};
use super::tags::moves_forward;
use crate::error::{ExitCode, Failure};
use crate::platform::Platform;

/// The annotation that tells which version an index is of.
pub const VERSION_ANNOTATION: &str = "org.opencontainers.image.version";

/// What to merge, and for which version.
#[derive(Debug, Clone)]
pub struct MergeRequest<'a> {
    /// Image name.
    pub image: &'a str,
    /// Version number, the tag.
    pub version: &'a str,
    /// Platforms built now.
    pub children: Vec<Child>,
    /// Platforms that the published index must end up with; nothing is tagged
    /// before all of them are there.
    pub wanted: &'a [Platform],
    /// Annotations of the index.
    pub annotations: BTreeMap<String, String>,
    /// Replace a platform's published image by another one.
    pub force: bool,
}

/// What merging did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The published index.
    pub descriptor: Descriptor,
    /// Its platforms.
    pub platforms: BTreeMap<Platform, Descriptor>,
    /// The tag was set; false when it showed this index already.
    pub tagged: bool,
}

/// What became of a moving tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// It shows the version now.
    Forward,
    /// It did already.
    There,
    /// It was left alone, for this reason.
    Kept(String),
}

impl Registry {
    /// Merges freshly pushed images with what the version's tag has already,
    /// tags the index with the version and verifies that tag.
    ///
    /// # Errors
    /// A [`Failure`] when a wanted platform is missing or a published one would
    /// change without `force`; [`ExitCode::Registry`] and
    /// [`ExitCode::Credentials`] as for every request.
    pub async fn merge(&self, request: &MergeRequest<'_>) -> Result<Merged> {
        let MergeRequest { image, version, .. } = *request;
        let name = self.endpoint().show(image, version);
        let existing = self.published(image, version).await?;
        let children = self.combine(&name, request, existing.as_ref()).await?;
        let missing: Vec<String> = request
            .wanted
            .iter()
            .filter(|platform| !children.iter().any(|child| child.platform == **platform))
            .map(ToString::to_string)
            .collect();
        if !missing.is_empty() {
            return Err(Failure::new(
                ExitCode::Build,
                format!("{name} is not tagged: no image for {}", missing.join(", ")),
            )
            .hint("build the missing platforms, then merge again")
            .into());
        }

        let index = index::build(&name, &children, &request.annotations)?;
        let tagged = existing
            .as_ref()
            .is_none_or(|e| e.descriptor.digest() != index.descriptor.digest());
        if tagged {
            self.put_index(image, version, &index).await?;
        }
        Ok(Merged {
            descriptor: index.descriptor,
            platforms: children
                .into_iter()
                .map(|child| (child.platform, child.descriptor))
                .collect(),
            tagged,
        })
    }

    /// Sets a moving tag to what a version's tag shows, if that moves it
    /// forward. The version's tag must have been verified before.
    ///
    /// # Errors
    /// [`ExitCode::NotFound`] when the version is not published,
    /// [`ExitCode::Registry`] and [`ExitCode::Credentials`].
    pub async fn move_tag(&self, image: &str, tag: &str, version: &str) -> Result<Moved> {
        let manifest = self.manifest(image, version).await?.ok_or_else(|| {
            let name = self.endpoint().show(image, version);
            Failure::new(
                ExitCode::NotFound,
                format!("{name} does not exist, so {tag} cannot show it"),
            )
            .hint("another process may have deleted it; run again")
        })?;
        let index = index::Index {
            bytes: manifest.bytes().clone(),
            descriptor: manifest.into_descriptor(),
        };
        let moved = self.movable(image, tag, version, &index.descriptor).await?;
        if moved == Moved::Forward {
            self.put_index(image, tag, &index).await?;
        }
        Ok(moved)
    }

    /// New children, together with the platforms that are published already.
    async fn combine(
        &self,
        name: &str,
        request: &MergeRequest<'_>,
        existing: Option<&Published>,
    ) -> Result<Vec<Child>> {
        let mut children = Vec::new();
        for child in &request.children {
            children.push(self.flatten(name, request.image, child).await?);
        }
        let Some(existing) = existing else {
            return Ok(children);
        };
        for (platform, descriptor) in &existing.platforms {
            match children.iter().find(|child| child.platform == *platform) {
                None => children.push(Child {
                    platform: platform.clone(),
                    descriptor: descriptor.clone(),
                    attestations: about(&existing.attestations, descriptor),
                }),
                Some(child)
                    if child.descriptor.digest() != descriptor.digest() && !request.force =>
                {
                    return Err(Failure::new(
                        ExitCode::Config,
                        format!(
                            "{name} has another image for {platform} already: {}, not {}",
                            descriptor.digest(),
                            child.descriptor.digest()
                        ),
                    )
                    .hint(
                        "a published version is never changed silently; pass --force to replace it",
                    )
                    .into());
                }
                Some(_) => {}
            }
        }
        Ok(children)
    }

    /// A child that is itself an index (BuildKit pushes one when it attests)
    /// becomes its image with its attestations.
    async fn flatten(&self, name: &str, image: &str, child: &Child) -> Result<Child> {
        if !super::manifest::is_index(child.descriptor.media_type()) {
            return Ok(child.clone());
        }
        let digest = child.descriptor.digest().to_string();
        let lost = |what: &str| {
            Failure::new(
                ExitCode::Registry,
                format!("{name}: {digest} for {} {what}", child.platform),
            )
            .hint("delete its digest file and build it again")
        };
        let published = self
            .published(image, &digest)
            .await?
            .ok_or_else(|| lost("is not in the registry"))?;
        let descriptor = published
            .platforms
            .get(&child.platform)
            .ok_or_else(|| lost("is an index without that platform"))?;
        Ok(Child {
            platform: child.platform.clone(),
            attestations: about(&published.attestations, descriptor),
            descriptor: descriptor.clone(),
        })
    }

    /// Puts an index and reads it back: the digest answered must be its own.
    async fn put_index(&self, image: &str, tag: &str, index: &index::Index) -> Result<()> {
        self.put_manifest(
            image,
            tag,
            index.bytes.clone(),
            index.descriptor.media_type(),
        )
        .await?;
        let back = self.manifest(image, tag).await?;
        if back.is_some_and(|manifest| manifest.descriptor().digest() == index.descriptor.digest())
        {
            return Ok(());
        }
        Err(Failure::new(
            ExitCode::Registry,
            format!(
                "{} does not show the index that was just pushed ({})",
                self.endpoint().show(image, tag),
                index.descriptor.digest()
            ),
        )
        .hint("another run may publish the same image; run again when it has ended")
        .into())
    }

    async fn movable(
        &self,
        image: &str,
        tag: &str,
        version: &str,
        index: &Descriptor,
    ) -> Result<Moved> {
        let Some(current) = self.manifest(image, tag).await? else {
            return Ok(Moved::Forward);
        };
        if current.descriptor().digest() == index.digest() {
            return Ok(Moved::There);
        }
        let from = current
            .index()?
            .and_then(|index| index.annotations.get(VERSION_ANNOTATION).cloned());
        Ok(match from {
            Some(from) if from == version || moves_forward(&from, version) => Moved::Forward,
            Some(from) => Moved::Kept(format!("it is at {from}, which is newer")),
            None => Moved::Kept(format!(
                "what it points at has no {VERSION_ANNOTATION} annotation to compare with"
            )),
        })
    }
}

/// The attestations about one image (BuildKit, "Attestation storage").
pub(super) fn about(attestations: &[Descriptor], image: &Descriptor) -> Vec<Descriptor> {
    let digest = image.digest().to_string();
    attestations
        .iter()
        .filter(|attestation| {
            attestation
                .annotations()
                .as_ref()
                .is_some_and(|annotations| {
                    annotations.get("vnd.docker.reference.digest") == Some(&digest)
                })
        })
        .cloned()
        .collect()
}
