//! Stage 6, publish: merge, tag, verify.

use std::collections::BTreeMap;

use anyhow::Result;
use oci_spec::image::Descriptor;

use super::plan::{ImagePlan, VersionPlan};
use crate::context::Context;
use crate::platform::Platform;
use crate::progress::Event;
use crate::recipe::{App, Version};
use crate::registry::{Child, MergeRequest, Merged, VERSION_ANNOTATION};

/// Merges the images of one version and tags the index.
///
/// # Errors
/// As [`Registry::merge`](crate::registry::Registry::merge).
pub async fn publish(
    context: &Context,
    app: &App,
    version: &VersionPlan,
    image: &ImagePlan,
    built: &BTreeMap<Platform, Descriptor>,
    force: bool,
) -> Result<Merged> {
    let number = &version.version.number;
    let request = MergeRequest {
        image: &image.image,
        version: number,
        children: built
            .iter()
            .map(|(platform, descriptor)| Child {
                platform: platform.clone(),
                descriptor: descriptor.clone(),
                attestations: Vec::new(),
            })
            .collect(),
        wanted: &image.wanted,
        annotations: annotations(app, &version.version, &image.image),
        moving: image
            .tags
            .iter()
            .filter(|tag| *tag != number)
            .cloned()
            .collect(),
        force,
    };
    let merged = context.registry.merge(&request).await?;
    tell(
        context,
        &image.image,
        &merged.set,
        &merged.descriptor.digest().to_string(),
    );
    Ok(merged)
}

/// Sets the moving tags of a version that is published already, where they are
/// missing or behind.
///
/// # Errors
/// As [`Registry::move_tags`](crate::registry::Registry::move_tags).
pub async fn settle(
    context: &Context,
    version: &VersionPlan,
    image: &ImagePlan,
) -> Result<Vec<String>> {
    let number = &version.version.number;
    let moving: Vec<String> = image
        .tags
        .iter()
        .filter(|tag| *tag != number)
        .cloned()
        .collect();
    let (set, _) = context
        .registry
        .move_tags(&image.image, number, &moving)
        .await?;
    if !set.is_empty() {
        tell(context, &image.image, &set, number);
    }
    Ok(set)
}

fn tell(context: &Context, image: &str, tags: &[String], digest: &str) {
    for tag in tags {
        context.reporter.report(Event::Tagged {
            reference: &context.registry.endpoint().show(image, tag),
            digest,
        });
    }
}

/// What is known of a version from upstream, under the image-spec's annotation
/// keys; nothing in it depends on when or where it was built.
pub(super) fn annotations(app: &App, version: &Version, image: &str) -> BTreeMap<String, String> {
    let described = app.images.iter().find(|i| i.name == image);
    let description = described
        .map(|i| i.summary.as_str())
        .filter(|s| !s.is_empty());
    let facts = [
        ("org.opencontainers.image.title", Some(image)),
        (
            "org.opencontainers.image.description",
            description.or(Some(&app.summary)),
        ),
        (VERSION_ANNOTATION, Some(&version.number)),
        ("org.opencontainers.image.source", Some(&app.upstream)),
        ("org.opencontainers.image.licenses", Some(&app.license)),
        (
            "org.opencontainers.image.created",
            version.created.as_deref(),
        ),
        ("org.opencontainers.image.ref.name", None),
    ];
    facts
        .into_iter()
        .filter_map(|(key, value)| {
            Some((key.to_owned(), value.filter(|v| !v.is_empty())?.to_owned()))
        })
        .collect()
}
