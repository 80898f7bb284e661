//! Facts of the registry that no plan has: sizes, and what moving tags show.

use std::collections::{BTreeMap, BTreeSet};

use bakehouse_core::platform::Platform;
use bakehouse_core::version_number::VersionNumber;
use bakehouse_registry::tags::moving_tags;
use bakehouse_registry::{Registry, RegistryError, download_size};
use futures_util::StreamExt as _;

use super::model::TagStatus;
use crate::context::Context;
use crate::pipeline::alarm::counted;
use crate::pipeline::discover::Discovered;
use crate::pipeline::plan::{AppPlan, ImagePlan, Plan, VersionPlan};

/// Facts of the images of a plan, by app and image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen(BTreeMap<(String, String), SeenImage>);

impl Seen {
    /// Facts of an image.
    #[must_use]
    pub fn image(&self, app: &str, image: &str) -> Option<&SeenImage> {
        self.0.get(&(app.to_owned(), image.to_owned()))
    }

    /// Adds what was seen of an image.
    pub fn add(&mut self, app: &str, image: &str, seen: SeenImage) {
        self.0.insert((app.to_owned(), image.to_owned()), seen);
    }
}

/// Facts of one image. One that the registry did not tell is not there: a status
/// is worth having without it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenImage {
    /// Bytes to download of each platform of the newest published version.
    pub sizes: BTreeMap<Platform, u64>,
    /// Its moving tags.
    pub tags: Vec<TagStatus>,
    /// The newest published version, where none that the plan has is published.
    pub older: Option<String>,
    /// Numbers of all versions that upstream has.
    pub known: BTreeSet<String>,
}

/// Looks at the images of a plan, many at a time.
pub async fn look(context: &Context, found: &[Discovered], plan: &Plan) -> Seen {
    let images = plan.apps.iter().flat_map(|app| {
        let images = app.app.images.iter().filter(|image| !image.unpublished);
        images.map(move |image| (app, image.name.as_str()))
    });
    let looked: Vec<_> = futures_util::stream::iter(images)
        .map(|(app, image)| async move {
            let known = found.iter().find(|found| found.app.name == app.app.name);
            let known = known.map(|found| found.known.clone()).unwrap_or_default();
            let seen = one(&context.registry, app, image, known).await;
            (app.app.name.as_str(), image, seen)
        })
        .buffered(context.registry.parallel())
        .collect()
        .await;
    let mut all = Seen::default();
    for (app, image, seen) in looked {
        all.add(app, image, seen);
    }
    all
}

async fn one(
    registry: &Registry,
    app: &AppPlan,
    image: &str,
    known: BTreeSet<String>,
) -> SeenImage {
    let counted = counted(app, image);
    let there = |(_, image): &&(&VersionPlan, &ImagePlan)| image.published.is_some();
    let Some((version, planned)) = counted.iter().rev().find(there) else {
        let older = older(registry, image, &known).await;
        return SeenImage {
            older,
            known,
            ..SeenImage::default()
        };
    };
    let digest = planned.published.clone().unwrap_or_default();
    let sizes = sizes(registry, image, &digest).await.unwrap_or_default();
    let mut tags = Vec::new();
    for template in &app.moving {
        let number = &version.version.number;
        let made = moving_tags(number, std::slice::from_ref(template));
        for tag in made {
            let free = !version.version.taken.contains(&tag) && !version.version.prerelease;
            let shown = tags.iter().any(|other: &TagStatus| other.tag == tag);
            if free && !shown {
                let head = registry.head(image, &tag).await.ok();
                let is_it = |head: Option<oci_spec::image::Descriptor>| {
                    head.is_some_and(|head| head.digest().as_ref() == digest)
                };
                tags.push(TagStatus {
                    tag,
                    template: template.clone(),
                    current: head.map(is_it),
                });
            }
        }
    }
    SeenImage {
        sizes,
        tags,
        older: None,
        known,
    }
}

/// Bytes to download of each platform of an index.
async fn sizes(
    registry: &Registry,
    image: &str,
    digest: &str,
) -> Result<BTreeMap<Platform, u64>, RegistryError> {
    let mut sizes = BTreeMap::new();
    let published = registry.named(image, digest).await?;
    let platforms = published.map(|published| published.platforms);
    for (platform, descriptor) in platforms.into_iter().flatten() {
        let manifest = registry.named_manifest(image, descriptor.digest().as_ref());
        let manifest = manifest.await?;
        let Some(Ok(manifest)) = manifest.map(|manifest| manifest.image()) else {
            continue;
        };
        sizes.insert(platform, download_size(&manifest));
    }
    Ok(sizes)
}

/// The newest of upstream's versions that has a tag.
async fn older(registry: &Registry, image: &str, known: &BTreeSet<String>) -> Option<String> {
    let tags = registry.tags(image).await.ok()?;
    let versions = tags.into_iter().filter(|tag| known.contains(tag));
    let numbers = versions.filter_map(|tag| Some((VersionNumber::parse(&tag)?, tag)));
    let released = numbers.filter(|(number, _)| !number.is_prerelease());
    released
        .max_by(|(a, _), (b, _)| a.cmp(b))
        .map(|(_, tag)| tag)
}
