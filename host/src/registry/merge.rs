//! Merging platform images into one index, and tagging it with its version.

use std::collections::BTreeMap;

use anyhow::Result;
use futures_util::{StreamExt as _, TryStreamExt as _};
use oci_spec::image::Descriptor;

use super::client::{Published, Registry, config_platform};
use super::index::{self, Child};
use super::manifest::{Manifest, is_index};
use crate::error::{ExitCode, Failure};
use crate::platform::Platform;

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
    /// The tag was set; false when it showed all of this already.
    pub tagged: bool,
    /// Published images that `force` replaced.
    pub replaced: Vec<Replaced>,
    /// The index, for moving tags.
    pub manifest: Manifest,
}

/// A published image that was replaced by another one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Replaced {
    /// Its platform.
    pub platform: Platform,
    /// Digest of the old one.
    pub from: String,
    /// Digest of the new one.
    pub to: String,
}

impl Registry {
    /// Merges freshly pushed images with what the version's tag has already,
    /// and tags the index with the version. For new images of a new version
    /// that takes two requests: the pushes' descriptors tell the rest.
    ///
    /// # Errors
    /// A [`Failure`] when a wanted platform is missing, an image is not for the
    /// platform it is given for, or a published one would change without
    /// `force`; [`ExitCode::Registry`] and [`ExitCode::Credentials`] as for
    /// every request.
    pub async fn merge(&self, request: &MergeRequest<'_>) -> Result<Merged> {
        let MergeRequest { image, version, .. } = *request;
        let name = self.endpoint().show(image, version);
        let existing = self.published(image, version).await?;
        let mut fresh = futures_util::stream::iter(&request.children)
            .map(|child| self.verified(&name, image, child))
            .buffered(self.parallel())
            .try_collect::<Vec<_>>()
            .await?;
        refuse_one_for_two(&name, &fresh)?;
        let replaced = match &existing {
            Some(existing) => combine(&name, request.force, existing, &mut fresh)?,
            None => Vec::new(),
        };
        let children = fresh;
        refuse_incomplete(&name, request.wanted, &children)?;

        if let Some(existing) = existing.filter(|existing| is_all_there(existing, &children)) {
            return Ok(Merged {
                descriptor: existing.descriptor,
                platforms: existing.platforms,
                tagged: false,
                replaced,
                manifest: existing.manifest,
            });
        }
        if !self.endpoint().refuses_missing_children() {
            refuse_missing(&name, &self.missing(image, &children).await?)?;
        }
        let index = index::build(&name, &children, &request.annotations)?;
        let media_type = index.descriptor.media_type();
        let put = self.put_manifest(image, version, index.bytes.clone(), media_type);
        if let Err(error) = put.await {
            // The registry's own words name a digest at best.
            if let Ok(missing) = self.missing(image, &children).await {
                refuse_missing(&name, &missing)?;
            }
            return Err(error);
        }
        Ok(Merged {
            platforms: children
                .into_iter()
                .map(|child| (child.platform, child.descriptor))
                .collect(),
            tagged: true,
            replaced,
            manifest: Manifest::new(index.bytes, index.descriptor.digest().clone())?,
            descriptor: index.descriptor,
        })
    }

    /// A child for the platform it is given for, as a single image: one that is
    /// itself an index (BuildKit pushes one when it attests) becomes its image
    /// with its attestations. Where the push told the platform, nothing is
    /// asked of the registry.
    async fn verified(&self, name: &str, image: &str, child: &Child) -> Result<Child> {
        let digest = child.descriptor.digest().to_string();
        let claimed = &child.platform;
        if is_index(child.descriptor.media_type()) {
            let published = self.published(image, &digest).await?;
            let published =
                published.ok_or_else(|| lost(name, &digest, "is not in the registry"))?;
            let descriptor = published.platforms.get(claimed).ok_or_else(|| {
                let found = published.platforms.keys().map(ToString::to_string);
                mismatch(
                    name,
                    &digest,
                    claimed,
                    &found.collect::<Vec<_>>().join(", "),
                )
            })?;
            return Ok(Child {
                platform: claimed.clone(),
                attestations: about(&published.attestations, descriptor),
                descriptor: descriptor.clone(),
            });
        }
        let actual = match child.descriptor.platform() {
            Some(platform) => Platform::from_oci(platform)?,
            None => {
                let manifest = self.manifest(image, &digest).await?;
                let manifest =
                    manifest.ok_or_else(|| lost(name, &digest, "is not in the registry"))?;
                config_platform(&self.config(image, &manifest).await?)?
            }
        };
        if actual != *claimed {
            return Err(mismatch(name, &digest, claimed, &actual.to_string()).into());
        }
        Ok(child.clone())
    }

    /// Names the children that the registry does not have.
    async fn missing(&self, image: &str, children: &[Child]) -> Result<Vec<String>> {
        let looked = futures_util::stream::iter(children)
            .map(|child| async move {
                let digest = child.descriptor.digest().to_string();
                let there = self.head(image, &digest).await?;
                let missing = there.is_none();
                anyhow::Ok(missing.then(|| format!("{} ({digest})", child.platform)))
            })
            .buffered(self.parallel())
            .try_collect::<Vec<_>>()
            .await?;
        Ok(looked.into_iter().flatten().collect())
    }
}

fn refuse_missing(name: &str, missing: &[String]) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        ExitCode::Registry,
        format!(
            "{name} is not tagged: the registry does not have the image for {}",
            missing.join(", ")
        ),
    )
    .hint("the registry may have removed it; delete its digest file and build it again"))
}

/// One image cannot be for two platforms.
fn refuse_one_for_two(name: &str, children: &[Child]) -> Result<(), Failure> {
    let mut seen: BTreeMap<String, &Platform> = BTreeMap::new();
    for child in children {
        let digest = child.descriptor.digest().to_string();
        match seen.insert(digest.clone(), &child.platform) {
            Some(other) if *other != child.platform => {
                return Err(mismatch(name, &digest, &child.platform, &other.to_string()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn refuse_incomplete(name: &str, wanted: &[Platform], children: &[Child]) -> Result<(), Failure> {
    let missing: Vec<String> = wanted
        .iter()
        .filter(|platform| !children.iter().any(|child| child.platform == **platform))
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        ExitCode::Build,
        format!("{name} is not tagged: no image for {}", missing.join(", ")),
    )
    .hint("build the missing platforms, then merge again"))
}

/// Adds the platforms that are published already, and says what is replaced.
fn combine(
    name: &str,
    force: bool,
    existing: &Published,
    children: &mut Vec<Child>,
) -> Result<Vec<Replaced>, Failure> {
    let mut replaced = Vec::new();
    for (platform, descriptor) in &existing.platforms {
        let attestations = about(&existing.attestations, descriptor);
        let Some(child) = children.iter_mut().find(|c| c.platform == *platform) else {
            children.push(Child {
                platform: platform.clone(),
                descriptor: descriptor.clone(),
                attestations,
            });
            continue;
        };
        let (from, to) = (descriptor.digest(), child.descriptor.digest());
        if from == to {
            if child.attestations.is_empty() {
                child.attestations = attestations;
            }
        } else if force {
            replaced.push(Replaced {
                platform: platform.clone(),
                from: from.to_string(),
                to: to.to_string(),
            });
        } else {
            return Err(Failure::new(
                ExitCode::Config,
                format!("{name} has another image for {platform} already: {from}, not {to}"),
            )
            .hint("a published version is never changed silently; pass --force to replace it"));
        }
    }
    Ok(replaced)
}

/// Whether the published index has all of these children, as they are.
fn is_all_there(existing: &Published, children: &[Child]) -> bool {
    is_index(existing.descriptor.media_type())
        && existing.platforms.len() == children.len()
        && children.iter().all(|child| {
            let there = existing.platforms.get(&child.platform);
            there.is_some_and(|there| there.digest() == child.descriptor.digest())
                && child.attestations.iter().all(|attestation| {
                    let digest = attestation.digest();
                    existing.attestations.iter().any(|a| a.digest() == digest)
                })
        })
}

fn mismatch(name: &str, digest: &str, claimed: &Platform, actual: &str) -> Failure {
    Failure::new(
        ExitCode::Config,
        format!("{name} is not tagged: {digest}, given for {claimed}, is for {actual}"),
    )
    .hint(format!(
        "delete the digest file for {claimed} and build it again"
    ))
}

fn lost(name: &str, digest: &str, what: &str) -> Failure {
    Failure::new(
        ExitCode::Registry,
        format!("{name} is not tagged: {digest} {what}"),
    )
    .hint("delete its digest file and build it again")
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
