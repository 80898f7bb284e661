//! Multi-platform indexes: pure data in, deterministic bytes out.

use std::collections::BTreeMap;

use bytes::Bytes;
use oci_spec::image::{Descriptor, MediaType};
use serde::Serialize;

use super::digest::sha256;
use super::manifest::{DOCKER_LIST, DOCKER_MANIFEST};
use crate::error::{ExitCode, Failure};
use crate::platform::Platform;

/// One platform's image, with the attestations about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Its platform.
    pub platform: Platform,
    /// Its manifest.
    pub descriptor: Descriptor,
    /// Attestation manifests about it, carried along unchanged.
    pub attestations: Vec<Descriptor>,
}

/// An index ready to be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its bytes.
    pub bytes: Bytes,
    /// What they are.
    pub descriptor: Descriptor,
}

/// image-spec v1.1, "OCI Image Index Specification"; fields in its order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexJson<'a> {
    schema_version: u8,
    media_type: &'a str,
    manifests: Vec<EntryJson<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
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
/// # Errors
/// A [`Failure`] when there is no child, or two are for the same platform.
pub fn build(
    name: &str,
    children: &[Child],
    annotations: &BTreeMap<String, String>,
) -> Result<Index, Failure> {
    if children.is_empty() {
        return Err(Failure::new(
            ExitCode::Internal,
            format!("{name}: there is no image to make an index of"),
        ));
    }
    let mut sorted: BTreeMap<&Platform, &Child> = BTreeMap::new();
    for child in children {
        if let Some(other) = sorted.insert(&child.platform, child) {
            return Err(Failure::new(
                ExitCode::Config,
                format!(
                    "{name}: two images for {}: {} and {}",
                    child.platform,
                    other.descriptor.digest(),
                    child.descriptor.digest()
                ),
            )
            .hint("delete the digest file of the wrong one"));
        }
    }
    let docker = children
        .iter()
        .all(|child| child.descriptor.media_type().to_string() == DOCKER_MANIFEST);
    let none = BTreeMap::new();
    let (media_type, annotations) = if docker {
        (MediaType::from(DOCKER_LIST), &none)
    } else {
        (MediaType::ImageIndex, annotations)
    };
    let images = sorted.iter().map(|(platform, child)| {
        entry(
            &child.descriptor,
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
        annotations,
    };
    let bytes = serde_json::to_vec(&json)
        .map_err(|error| Failure::new(ExitCode::Internal, format!("{name}: {error}")))?;
    let descriptor = Descriptor::new(media_type, bytes.len() as u64, sha256(&bytes));
    Ok(Index {
        bytes: bytes.into(),
        descriptor,
    })
}

fn entry<'a>(descriptor: &'a Descriptor, platform: PlatformJson<'a>) -> EntryJson<'a> {
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
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(platform: &str, media_type: MediaType, fill: &str) -> Child {
        Child {
            platform: platform.parse().unwrap(),
            descriptor: Descriptor::new(media_type, 7, sha256(fill.as_bytes())),
            attestations: Vec::new(),
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
