//! Multi-platform indexes: pure data in, deterministic bytes out.

use std::collections::BTreeMap;

use bakehouse_core::platform::Platform;
use bakehouse_core::reference_grammar::is_digest;
use bytes::Bytes;
use oci_spec::image::{Descriptor, MediaType};
use serde::Serialize;

use super::digest::sha256;
use super::manifest::{DOCKER_LIST, DOCKER_MANIFEST, RECIPE_ANNOTATION, UNKNOWN_RECIPE};

/// Images do not make an index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// There is none.
    #[error("{name}: there is no image to make an index of")]
    Empty {
        /// The index's reference, as people see it.
        name: String,
    },
    /// Two are for the same platform.
    #[error("{name}: two images for {platform}: {one} and {two}")]
    Two {
        /// The index's reference, as people see it.
        name: String,
        /// The platform.
        platform: Box<Platform>,
        /// Digest of one.
        one: String,
        /// Digest of the other.
        two: String,
    },
    /// It cannot be written as JSON.
    #[error("{name}")]
    Json {
        /// The index's reference, as people see it.
        name: String,
        /// The serializer's error.
        #[source]
        source: serde_json::Error,
    },
}

/// One platform's image, with the attestations about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Its platform.
    pub platform: Platform,
    /// Its manifest.
    pub descriptor: Descriptor,
    /// Attestation manifests about it, carried along unchanged.
    pub attestations: Vec<Descriptor>,
    /// Digest of the recipe that made it, where that is known.
    pub recipe: Option<String>,
}

impl Child {
    /// An image that nothing more is known of.
    #[must_use]
    pub const fn new(platform: Platform, descriptor: Descriptor) -> Self {
        Self {
            platform,
            descriptor,
            attestations: Vec::new(),
            recipe: None,
        }
    }

    /// The recipe's digest; what is said of it may be anything.
    fn recipe(&self) -> Option<&str> {
        self.recipe.as_deref().filter(|recipe| is_digest(recipe))
    }
}

/// An index ready to be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Index {
    /// Its bytes.
    pub(crate) bytes: Bytes,
    /// Their descriptor: media type, digest and size.
    pub(crate) descriptor: Descriptor,
}

/// image-spec v1.1, "OCI Image Index Specification"; fields in its order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexJson<'a> {
    schema_version: u8,
    media_type: &'a str,
    manifests: Vec<EntryJson<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryJson<'a> {
    media_type: String,
    digest: String,
    size: u64,
    platform: PlatformJson<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct PlatformJson<'a> {
    architecture: &'a str,
    os: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
}

/// Builds the index of these children. The same children and annotations make
/// the same bytes, in whatever order they are given. It is an OCI index; only
/// where every child is a Docker image it is a Docker manifest list, which has
/// no annotations.
///
/// The recipe that made the first child is an annotation of the index; a child
/// that another recipe made has an annotation of its own.
///
/// # Errors
/// When there is no child, or two are for the same platform.
pub(crate) fn build(
    name: &str,
    children: &[Child],
    annotations: &BTreeMap<String, String>,
) -> Result<Index, IndexError> {
    if children.is_empty() {
        return Err(IndexError::Empty {
            name: name.to_owned(),
        });
    }
    let mut sorted: BTreeMap<&Platform, &Child> = BTreeMap::new();
    for child in children {
        if let Some(other) = sorted.insert(&child.platform, child) {
            return Err(IndexError::Two {
                name: name.to_owned(),
                platform: Box::new(child.platform.clone()),
                one: other.descriptor.digest().to_string(),
                two: child.descriptor.digest().to_string(),
            });
        }
    }
    let docker = children
        .iter()
        .all(|child| child.descriptor.media_type().to_string() == DOCKER_MANIFEST);
    let media_type = if docker {
        MediaType::from(DOCKER_LIST)
    } else {
        MediaType::ImageIndex
    };
    let recipe = sorted.values().find_map(|child| child.recipe());
    let mut all = BTreeMap::new();
    if !docker {
        all.extend(
            annotations
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str())),
        );
        all.extend(recipe.map(|recipe| (RECIPE_ANNOTATION, recipe)));
    }
    let images = sorted.iter().map(|(platform, child)| {
        let of = child.recipe();
        let own = (!docker && of != recipe).then(|| of.unwrap_or(UNKNOWN_RECIPE));
        entry(
            &child.descriptor,
            own,
            PlatformJson {
                architecture: platform.architecture(),
                os: platform.os(),
                variant: platform.variant(),
            },
        )
    });
    let attestations = sorted.values().flat_map(|child| {
        child.attestations.iter().map(|descriptor| {
            entry(
                descriptor,
                None,
                PlatformJson {
                    architecture: "unknown",
                    os: "unknown",
                    variant: None,
                },
            )
        })
    });
    let json = IndexJson {
        schema_version: 2,
        media_type: media_type.as_ref(),
        manifests: images.chain(attestations).collect(),
        annotations: all,
    };
    let bytes = serde_json::to_vec(&json).map_err(|source| IndexError::Json {
        name: name.to_owned(),
        source,
    })?;
    let descriptor = Descriptor::new(media_type, bytes.len() as u64, sha256(&bytes));
    Ok(Index {
        bytes: bytes.into(),
        descriptor,
    })
}

fn entry<'a>(
    descriptor: &'a Descriptor,
    recipe: Option<&'a str>,
    platform: PlatformJson<'a>,
) -> EntryJson<'a> {
    EntryJson {
        media_type: descriptor.media_type().to_string(),
        digest: descriptor.digest().to_string(),
        size: descriptor.size(),
        platform,
        annotations: descriptor
            .annotations()
            .iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .filter(|(key, _)| *key != RECIPE_ANNOTATION)
            .chain(recipe.map(|recipe| (RECIPE_ANNOTATION, recipe)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    fn child(platform: &str, media_type: MediaType, fill: &str) -> Child {
        Child {
            platform: platform.parse().unwrap(),
            descriptor: Descriptor::new(media_type, 7, sha256(fill.as_bytes())),
            attestations: Vec::new(),
            recipe: None,
        }
    }

    #[test]
    fn bytes_do_not_depend_on_order() {
        let amd64 = child("linux/amd64", MediaType::ImageManifest, "a");
        let arm64 = child("linux/arm64", MediaType::ImageManifest, "b");
        let annotations = BTreeMap::from([("b".into(), "2".into()), ("a".into(), "1".into())]);
        let one = build("x:1", &[amd64.clone(), arm64.clone()], &annotations).unwrap();
        let two = build("x:1", &[arm64, amd64], &annotations).unwrap();
        assert_eq!(one, two);
        let digest_a = sha256(b"a");
        let digest_b = sha256(b"b");
        assert_eq!(
            std::str::from_utf8(&one.bytes).unwrap(),
            format!(
                r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest_a}","size":7,"platform":{{"architecture":"amd64","os":"linux"}}}},{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest_b}","size":7,"platform":{{"architecture":"arm64","os":"linux"}}}}],"annotations":{{"a":"1","b":"2"}}}}"#
            )
        );
    }

    #[test]
    fn recipes_are_told_once_where_they_are_the_same() {
        let of = |platform: &str, recipe: Option<&str>| {
            let recipe = recipe.map(|fill| sha256(fill.as_bytes()).to_string());
            let child = child(platform, MediaType::ImageManifest, platform);
            Child { recipe, ..child }
        };
        let read = |children: &[Child]| {
            let index = build("x:1", children, &BTreeMap::new()).unwrap();
            let text = std::str::from_utf8(&index.bytes).unwrap().to_owned();
            let manifest = Manifest::new(index.bytes, index.descriptor.digest().clone());
            let view = manifest.unwrap().index().unwrap().unwrap();
            (text.matches(RECIPE_ANNOTATION).count(), view.recipes())
        };
        let (amd64, arm64) = ("linux/amd64", "linux/arm64");
        // Digest files say it, and may say anything.
        let mut child = of(amd64, None);
        child.recipe = Some("no digest\n".to_owned());
        assert_eq!(read(&[child]).0, 0);
        for (one, two, told) in [
            (Some("a"), Some("a"), 1),
            (Some("a"), Some("b"), 2),
            (None, Some("b"), 2),
            (Some("a"), None, 2),
            (None, None, 0),
        ] {
            let children = [of(amd64, one), of(arm64, two)];
            let (count, recipes) = read(&children);
            assert_eq!(count, told, "{one:?} {two:?}");
            for child in &children {
                assert_eq!(recipes[&child.platform], child.recipe, "{one:?} {two:?}");
            }
            // What was read is written again as it was.
            let again: Vec<Child> = children
                .iter()
                .map(|child| {
                    let mut child = child.clone();
                    let stale = [(RECIPE_ANNOTATION.to_owned(), "stale".to_owned())];
                    child.descriptor.set_annotations(Some(stale.into()));
                    child
                })
                .collect();
            assert_eq!(read(&again), (count, recipes));
        }
    }

    #[test]
    fn docker_list_only_for_docker_children() {
        let docker = MediaType::from(DOCKER_MANIFEST);
        let amd64 = child("linux/amd64", docker.clone(), "a");
        let arm64 = child("linux/arm64", docker, "b");
        let oci = child("linux/arm64", MediaType::ImageManifest, "b");
        let none = BTreeMap::new();
        let list = build("x:1", &[amd64.clone(), arm64], &none).unwrap();
        assert_eq!(list.descriptor.media_type().to_string(), DOCKER_LIST);
        let index = build("x:1", &[amd64, oci], &none).unwrap();
        assert_eq!(*index.descriptor.media_type(), MediaType::ImageIndex);
    }

    #[test]
    fn refuses_two_of_a_platform_and_nothing() {
        let one = child("linux/amd64", MediaType::ImageManifest, "a");
        let two = child("linux/amd64", MediaType::ImageManifest, "b");
        let none = BTreeMap::new();
        let error = build("x:1", &[one, two], &none).unwrap_err();
        assert!(error.to_string().contains("two images for linux/amd64"));
        assert!(build("x:1", &[], &none).is_err());
    }
}
