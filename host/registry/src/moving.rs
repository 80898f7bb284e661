//! Moving tags: `latest`, `{major}`, `{major}.{minor}`. They only go forward, and
//! never take the name of a version.

use std::collections::{BTreeMap, BTreeSet};

use bakehouse_core::error::chain;
use bakehouse_core::platform::Platform;
use bakehouse_core::version_number::VersionNumber;
use futures_util::{StreamExt as _, TryStreamExt as _};
use oci_spec::image::Descriptor;

use super::client::Registry;
use super::error::RegistryError;
use super::manifest::{Manifest, ManifestError};
use super::tags::{moves_forward, moving_tags};

/// The annotation that tells which version an index is of.
pub const VERSION_ANNOTATION: &str = "org.opencontainers.image.version";
/// The annotation of versions that upstream does not mean for general use,
/// whatever their number looks like. No moving tag goes there.
pub const PRERELEASE_ANNOTATION: &str = "dev.bakehouse.prerelease";

/// Times a tag is moved on behind other runs before that is left to them.
const ROUNDS: usize = 5;

type Platforms = BTreeSet<Platform>;

/// A moving tag, and the version it is to show.
#[derive(Debug, Clone)]
pub struct Move {
    /// The tag.
    pub tag: String,
    /// The version.
    pub version: String,
    /// The manifest that the version's tag shows, where that was just written.
    pub manifest: Option<Manifest>,
}

/// A moving tag, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedTag {
    /// The tag.
    pub tag: String,
    /// The version that it was to show, or a newer one that another run
    /// published meanwhile.
    pub version: String,
    /// The outcome for this tag.
    pub how: Moved,
}

/// The outcome for a moving tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// It shows the version now.
    Forward,
    /// It did already.
    Unchanged,
    /// It was left alone, for this reason.
    Skipped(String),
}

/// The plan for a moving tag.
enum Next {
    /// It is left as it is.
    Leave(Moved),
    /// It is to show this.
    Put(Box<Manifest>),
}

impl Registry {
    /// Sets a moving tag to what a version's tag shows, if that moves it
    /// forward.
    ///
    /// # Errors
    /// As [`move_tags`](Self::move_tags).
    pub async fn move_tag(
        &self,
        image: &str,
        tag: &str,
        version: &str,
    ) -> Result<Moved, RegistryError> {
        let wanted = Move {
            tag: tag.to_owned(),
            version: version.to_owned(),
            manifest: None,
        };
        let mut moved = self.move_tags(image, &[wanted], &[tag.to_owned()]).await?;
        Ok(moved.remove(0).how)
    }

    /// Sets moving tags to what their versions' tags show, where that moves
    /// them forward. The versions' tags must have been verified before.
    /// `templates` are those that the tags were made from.
    ///
    /// Registries cannot compare and swap, so another run may move a tag
    /// between our look at it and our write. Every run publishes its version
    /// before it moves tags, and looks for newer versions after: whoever writes
    /// last sees the newest, and puts the tag there.
    ///
    /// # Errors
    /// [`RegistryError::NoVersion`] when a version is not published; also when a
    /// request fails, or what is there cannot be understood.
    pub async fn move_tags(
        &self,
        image: &str,
        wanted: &[Move],
        templates: &[String],
    ) -> Result<Vec<MovedTag>, RegistryError> {
        let (mut moved, platforms): (Vec<MovedTag>, Vec<Platforms>) =
            futures_util::stream::iter(wanted)
                .map(|wanted| async move {
                    let (how, platforms) = self.move_one(image, wanted).await?;
                    let moved = MovedTag {
                        tag: wanted.tag.clone(),
                        version: wanted.version.clone(),
                        how,
                    };
                    Ok::<_, RegistryError>((moved, platforms))
                })
                .buffered(self.parallel())
                .try_collect::<Vec<_>>()
                .await?
                .into_iter()
                .unzip();
        for _ in 0..ROUNDS {
            if !moved.iter().any(|tag| tag.how == Moved::Forward) {
                break;
            }
            if !self
                .catch_up(image, &mut moved, &platforms, templates)
                .await?
            {
                break;
            }
        }
        Ok(moved)
    }

    /// Whether [`move_tags`](Self::move_tags) would set a tag: a run that ended
    /// before it left it behind.
    ///
    /// # Errors
    /// As [`move_tags`](Self::move_tags).
    pub async fn is_behind(&self, image: &str, wanted: &Move) -> Result<bool, RegistryError> {
        Ok(matches!(self.next(image, wanted).await?, Next::Put(_)))
    }

    /// Moves one tag: the outcome, and the platforms of the image that it shows
    /// now, where it was written.
    async fn move_one(
        &self,
        image: &str,
        wanted: &Move,
    ) -> Result<(Moved, Platforms), RegistryError> {
        let manifest = match self.next(image, wanted).await? {
            Next::Leave(moved) => return Ok((moved, Platforms::new())),
            Next::Put(manifest) => manifest,
        };
        self.put_moving(image, &wanted.tag, &manifest).await?;
        let unreadable = |error: ManifestError| self.unreadable(image, &wanted.version, error);
        let platforms = match manifest.index().map_err(unreadable)? {
            Some(index) => index.platforms().into_keys().collect(),
            None => Platforms::new(),
        };
        Ok((Moved::Forward, platforms))
    }

    /// The plan for one tag, by what it shows now.
    async fn next(&self, image: &str, wanted: &Move) -> Result<Next, RegistryError> {
        let kept = |why: String| Ok(Next::Leave(Moved::Skipped(why)));
        let Move { tag, version, .. } = wanted;
        let (current, shown) = match self.shown(image, tag).await {
            // Whoever put it there meant something by it.
            Err(RegistryError::Unreadable { source, .. }) => {
                return kept(format!(
                    "what it points at cannot be read: {}",
                    chain(&*source)
                ));
            }
            shown => shown?,
        };
        if shown.as_ref() == Some(tag) {
            return kept("it is the name of a version".to_owned());
        }
        if let Some(shown) = &shown
            && shown != version
            && !moves_forward(shown, version)
        {
            return kept(format!("it is at {shown}, which is newer"));
        }
        let manifest = match &wanted.manifest {
            Some(manifest) => manifest.clone(),
            None => self.version_manifest(image, tag, version).await?,
        };
        let unreadable = |error: ManifestError| self.unreadable(image, version, error);
        if let Some(reason) = unfit(&manifest, version).map_err(unreadable)? {
            return kept(reason);
        }
        if let Some(current) = current {
            if current.descriptor().digest() == manifest.descriptor().digest() {
                return Ok(Next::Leave(Moved::Unchanged));
            }
            if shown.is_none() {
                return kept(format!(
                    "what it points at has no {VERSION_ANNOTATION} annotation to compare with"
                ));
            }
        }
        Ok(Next::Put(Box::new(manifest)))
    }

    /// The manifest that a moving tag points at, and the version that it says
    /// it is of.
    async fn shown(
        &self,
        image: &str,
        tag: &str,
    ) -> Result<(Option<Manifest>, Option<String>), RegistryError> {
        let Some(current) = self.manifest(image, tag).await? else {
            return Ok((None, None));
        };
        let index = current.index();
        let index = index.map_err(|error| self.unreadable(image, tag, error))?;
        let version = index.and_then(|mut index| index.annotations.remove(VERSION_ANNOTATION));
        Ok((Some(current), version))
    }

    /// Moves tags on to versions that other runs published meanwhile; whether
    /// there were any. One that lacks `platforms` may be published in part only.
    async fn catch_up(
        &self,
        image: &str,
        moved: &mut [MovedTag],
        platforms: &[Platforms],
        templates: &[String],
    ) -> Result<bool, RegistryError> {
        let published = self.tags(image).await?;
        let mut any = false;
        for (tag, platforms) in moved.iter_mut().zip(platforms) {
            if tag.how != Moved::Forward {
                continue;
            }
            for newer in newer_versions(&published, &tag.tag, &tag.version, templates) {
                let manifest = match self.manifest(image, newer).await {
                    Ok(Some(manifest)) => manifest,
                    Ok(None) => continue,
                    Err(error) if error.is_unreachable() => return Err(error),
                    // Not worth leaving the others for.
                    Err(_) => continue,
                };
                // Tags that something else put there do not count.
                let Ok(Some(index)) = manifest.index() else {
                    continue;
                };
                let of = index.annotations.get(VERSION_ANNOTATION);
                if of.is_none_or(|of| of != newer)
                    || index.annotations.contains_key(PRERELEASE_ANNOTATION)
                    || !has_all(&index.platforms(), platforms)
                {
                    continue;
                }
                self.put_moving(image, &tag.tag, &manifest).await?;
                newer.clone_into(&mut tag.version);
                any = true;
                break;
            }
        }
        Ok(any)
    }

    async fn put_moving(
        &self,
        image: &str,
        tag: &str,
        manifest: &Manifest,
    ) -> Result<(), RegistryError> {
        let media_type = manifest.descriptor().media_type();
        self.put_manifest(image, tag, manifest.bytes().clone(), media_type)
            .await
    }

    async fn version_manifest(
        &self,
        image: &str,
        tag: &str,
        version: &str,
    ) -> Result<Manifest, RegistryError> {
        let manifest = self.read_manifest(image, version, true).await?;
        manifest.ok_or_else(|| RegistryError::NoVersion {
            reference: self.endpoint().show(image, version),
            tag: tag.to_owned(),
        })
    }
}

/// The reason why no moving tag goes to what a version's tag shows, by its own
/// account.
fn unfit(manifest: &Manifest, version: &str) -> Result<Option<String>, ManifestError> {
    let annotations = manifest.index()?.map(|index| index.annotations);
    let annotations = annotations.unwrap_or_default();
    Ok(match annotations.get(VERSION_ANNOTATION) {
        Some(of) if of != version => Some(format!("{version}'s tag shows version {of}")),
        _ if annotations.contains_key(PRERELEASE_ANNOTATION) => {
            Some(format!("{version} is a prerelease"))
        }
        _ => None,
    })
}

fn has_all(has: &BTreeMap<Platform, Descriptor>, platforms: &Platforms) -> bool {
    platforms.iter().all(|platform| has.contains_key(platform))
}

/// Published versions newer than `version` that have this moving tag, newest
/// first.
fn newer_versions<'a>(
    published: &'a [String],
    tag: &str,
    version: &str,
    templates: &[String],
) -> Vec<&'a str> {
    let mut newer: Vec<(VersionNumber, &str)> = published
        .iter()
        .filter(|other| moves_forward(version, other))
        .filter(|other| moving_tags(other, templates).iter().any(|t| t == tag))
        .filter_map(|other| Some((VersionNumber::parse(other)?, other.as_str())))
        .filter(|(other, _)| !other.is_prerelease())
        .collect();
    newer.sort_by(|(one, _), (two, _)| two.cmp(one));
    newer.into_iter().map(|(_, text)| text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_are_those_of_the_same_tag() {
        let published = [
            "10.4.0",
            "10.5.0",
            "10.5.1",
            "10.10.0",
            "11.0.0-rc1",
            "11.0.0",
            "latest",
            "10.5",
            "10",
        ]
        .map(str::to_owned);
        let templates = ["latest", "{major}", "{major}.{minor}"].map(str::to_owned);
        let newer = |tag: &str| newer_versions(&published, tag, "10.5.0", &templates);
        assert_eq!(newer("latest"), ["11.0.0", "10.10.0", "10.5.1"]);
        assert_eq!(newer("10"), ["10.10.0", "10.5.1"]);
        assert_eq!(newer("10.5"), ["10.5.1"]);
        assert!(newer("9").is_empty());
    }
}
