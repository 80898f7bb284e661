//! Merging platform images into one index, and tagging it with its version.

use std::collections::BTreeMap;

use bakehouse_core::platform::Platform;
use futures_util::{StreamExt as _, TryStreamExt as _};
use oci_spec::image::{Descriptor, Digest, ImageConfiguration};

use super::client::{Registry, config_platform};
use super::error::RegistryError;
use super::index::{self, Child};
use super::manifest::{Manifest, ManifestError, is_index};
use super::merge_error::MergeError;
use super::published::Published;

/// A request to merge images into the index of a version.
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
    /// The published images that may be replaced by others.
    pub replace: Replace<'a>,
    /// Labels that the new images must have, by their own configurations; none
    /// must be without the label. Without this, what is said of the images is
    /// believed: they were looked at when they were pushed.
    pub labels: Option<&'a Labels>,
}

/// Labels that an image must have, or must not have; the first that is not so is
/// told.
pub type Labels = Vec<(String, Option<String>)>;

/// The published images that a merge may replace by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace<'a> {
    /// None.
    Never,
    /// Those of the index with this digest, which a rebuild was planned for.
    Index(&'a str),
    /// Whatever is there.
    Always,
}

/// The result of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The published index.
    pub descriptor: Descriptor,
    /// Its platforms.
    pub platforms: BTreeMap<Platform, Descriptor>,
    /// The tag was set; false when it showed all of this already.
    pub tagged: bool,
    /// Published images that were replaced.
    pub replaced: Vec<Replaced>,
    /// The tag that keeps the index they were in.
    pub revision: Option<String>,
    /// The index, for moving tags.
    pub manifest: Manifest,
}

/// A published image that was replaced by another one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// that takes two requests: the pushes' descriptors tell the rest. An index
    /// of which an image is replaced keeps a revision tag.
    ///
    /// # Errors
    /// When a wanted platform is missing, an image is not for the platform it is
    /// given for, or a published one would change that may not be replaced; also
    /// when a request fails.
    pub async fn merge(&self, request: &MergeRequest<'_>) -> Result<Merged, MergeError> {
        let MergeRequest { image, version, .. } = *request;
        let name = self.endpoint().show(image, version);
        let fresh = futures_util::stream::iter(&request.children)
            .map(|child| self.verified(&name, request, child))
            .buffered(self.parallel())
            .try_collect::<Vec<_>>();
        let existing = async { Ok(self.version_to_write(image, version).await?) };
        let (existing, mut fresh) = futures_util::future::try_join(existing, fresh).await?;
        let existing = existing.version();
        refuse_one_for_two(&name, &fresh)?;
        let replaced = match &existing {
            Some(existing) => combine(&name, request.replace, existing, &mut fresh)?,
            None => Vec::new(),
        };
        let children = fresh;
        refuse_incomplete(&name, request.wanted, &children)?;

        if let Some(existing) = existing
            .as_ref()
            .filter(|existing| is_all_there(existing, &children))
        {
            let existing = existing.clone();
            return Ok(Merged {
                revision: None,
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
        let revision = match &existing {
            Some(existing) if !replaced.is_empty() => {
                Some(self.keep(image, version, &existing.manifest).await?)
            }
            _ => None,
        };
        let media_type = index.descriptor.media_type();
        let put = self.put_manifest(image, version, index.bytes.clone(), media_type);
        if let Err(error) = put.await {
            // The registry's own words name a digest at best.
            if let Ok(missing) = self.missing(image, &children).await {
                refuse_missing(&name, &missing)?;
            }
            return Err(error.into());
        }
        Ok(Merged {
            platforms: children
                .into_iter()
                .map(|child| (child.platform, child.descriptor))
                .collect(),
            tagged: true,
            replaced,
            revision,
            manifest: Manifest::made(index.bytes, index.descriptor.clone()),
            descriptor: index.descriptor,
        })
    }

    /// A child for the platform it is given for, as a single image: one that is
    /// itself an index (BuildKit pushes one when it attests) becomes its image
    /// with its attestations. Where what is said of it is believed, and the push
    /// told the platform, nothing is asked of the registry.
    async fn verified(
        &self,
        name: &str,
        request: &MergeRequest<'_>,
        child: &Child,
    ) -> Result<Child, MergeError> {
        let image = request.image;
        let believed = request.labels.is_none();
        let given = &child.descriptor;
        if let Some(platform) = given.platform().as_ref().filter(|_| believed)
            && !is_index(given.media_type())
        {
            let actual = Platform::from_oci(platform)?;
            refuse_other_platform(name, given.digest(), &child.platform, &actual)?;
            return Ok(child.clone());
        }
        let unreadable =
            |error: ManifestError| self.unreadable(image, given.digest().as_ref(), error);
        let mut child = child.clone();
        let mut manifest = self.existing(name, image, given.digest()).await?;
        if let Some(index) = manifest.index().map_err(unreadable)? {
            let platforms = index.platforms();
            let descriptor = platforms.get(&child.platform).ok_or_else(|| {
                let found: Vec<_> = platforms.keys().map(ToString::to_string).collect();
                mismatch(name, given.digest(), &child.platform, &found.join(", "))
            })?;
            child.attestations = about(&index.attestations(), descriptor);
            if believed {
                child.descriptor = descriptor.clone();
                return Ok(child);
            }
            manifest = self.existing(name, image, descriptor.digest()).await?;
        }
        // Media type, size and annotations were claims, too.
        child.descriptor = manifest.descriptor().clone();
        let digest = child.descriptor.digest();
        let config = self.config(image, &manifest).await?;
        let actual = config_platform(&config).map_err(|error| unreadable(error.into()))?;
        if let Some(labels) = request.labels {
            refuse_other_labels(name, digest, &config, labels)?;
        }
        refuse_other_platform(name, digest, &child.platform, &actual)?;
        Ok(child)
    }

    /// The manifest of an image to merge.
    async fn existing(
        &self,
        name: &str,
        image: &str,
        digest: &Digest,
    ) -> Result<Manifest, MergeError> {
        let manifest = self.manifest(image, digest.as_ref()).await?;
        manifest.ok_or_else(|| MergeError::Lost {
            name: name.to_owned(),
            digest: digest.to_string(),
        })
    }

    /// Names the children that the registry does not have.
    async fn missing(&self, image: &str, children: &[Child]) -> Result<Vec<String>, RegistryError> {
        let looked = futures_util::stream::iter(children)
            .map(|child| async move {
                let digest = child.descriptor.digest().to_string();
                let there = self.head(image, &digest).await?;
                let missing = there.is_none();
                Ok::<_, RegistryError>(missing.then(|| format!("{} ({digest})", child.platform)))
            })
            .buffered(self.parallel())
            .try_collect::<Vec<_>>()
            .await?;
        Ok(looked.into_iter().flatten().collect())
    }
}

fn refuse_other_platform(
    name: &str,
    digest: &Digest,
    claimed: &Platform,
    actual: &Platform,
) -> Result<(), MergeError> {
    if actual == claimed {
        return Ok(());
    }
    Err(mismatch(name, digest, claimed, &actual.to_string()))
}

fn refuse_other_labels(
    name: &str,
    digest: &Digest,
    config: &ImageConfiguration,
    expected: &Labels,
) -> Result<(), MergeError> {
    match other_label(config, expected) {
        None => Ok(()),
        Some(why) => Err(MergeError::OtherLabels {
            name: name.to_owned(),
            digest: digest.to_string(),
            why,
        }),
    }
}

/// The first label of an image that is not as expected, in words.
#[must_use]
pub fn other_label(config: &ImageConfiguration, expected: &Labels) -> Option<String> {
    let labels = config
        .config()
        .as_ref()
        .and_then(|run| run.labels().as_ref());
    expected.iter().find_map(|(key, expected)| {
        let found = labels.and_then(|labels| labels.get(key));
        if found == expected.as_ref() {
            return None;
        }
        let shown = |value: Option<&String>| match value {
            Some(value) => format!("`{}`", value.escape_debug()),
            None => "absent".to_owned(),
        };
        Some(format!(
            "says that {key} is {}, not {}",
            shown(found),
            shown(expected.as_ref())
        ))
    })
}

fn refuse_missing(name: &str, missing: &[String]) -> Result<(), MergeError> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(MergeError::Missing {
        name: name.to_owned(),
        missing: missing.to_vec(),
    })
}

/// One image cannot be for two platforms.
fn refuse_one_for_two(name: &str, children: &[Child]) -> Result<(), MergeError> {
    let mut seen: BTreeMap<String, &Platform> = BTreeMap::new();
    for child in children {
        let digest = child.descriptor.digest();
        match seen.insert(digest.to_string(), &child.platform) {
            Some(other) if *other != child.platform => {
                return Err(mismatch(name, digest, &child.platform, &other.to_string()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn refuse_incomplete(
    name: &str,
    wanted: &[Platform],
    children: &[Child],
) -> Result<(), MergeError> {
    let missing: Vec<Platform> = wanted
        .iter()
        .filter(|platform| !children.iter().any(|child| child.platform == **platform))
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(MergeError::Incomplete {
        name: name.to_owned(),
        missing,
    })
}

/// Adds the platforms that are published already, and says what is replaced.
fn combine(
    name: &str,
    replace: Replace<'_>,
    existing: &Published,
    children: &mut Vec<Child>,
) -> Result<Vec<Replaced>, MergeError> {
    let mut replaced = Vec::new();
    for (platform, descriptor) in &existing.platforms {
        let attestations = about(&existing.attestations, descriptor);
        let recipe = existing.recipes.get(platform).cloned().flatten();
        let Some(child) = children.iter_mut().find(|c| c.platform == *platform) else {
            children.push(Child {
                platform: platform.clone(),
                descriptor: descriptor.clone(),
                attestations,
                recipe,
            });
            continue;
        };
        let (from, to) = (descriptor.digest(), child.descriptor.digest());
        if from == to {
            // The same image again is no reason to attest to it once more.
            if !attestations.is_empty() {
                child.attestations = attestations;
            }
            child.recipe = child.recipe.take().or(recipe);
            continue;
        }
        refuse_to_replace(name, replace, existing, platform, (from, to))?;
        replaced.push(Replaced {
            platform: platform.clone(),
            from: from.to_string(),
            to: to.to_string(),
        });
    }
    Ok(replaced)
}

fn refuse_to_replace(
    name: &str,
    replace: Replace<'_>,
    existing: &Published,
    platform: &Platform,
    (from, to): (&Digest, &Digest),
) -> Result<(), MergeError> {
    let index = existing.descriptor.digest();
    match replace {
        Replace::Always => Ok(()),
        Replace::Index(planned) if index.as_ref() == planned => Ok(()),
        Replace::Index(planned) => Err(MergeError::OtherIndex {
            name: name.to_owned(),
            index: index.to_string(),
            planned: planned.to_owned(),
        }),
        Replace::Never => Err(MergeError::Replaces {
            name: name.to_owned(),
            platform: Box::new(platform.clone()),
            published: from.to_string(),
            given: to.to_string(),
        }),
    }
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

fn mismatch(name: &str, digest: &Digest, claimed: &Platform, actual: &str) -> MergeError {
    MergeError::OtherPlatform {
        name: name.to_owned(),
        digest: digest.to_string(),
        claimed: Box::new(claimed.clone()),
        actual: actual.to_owned(),
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
