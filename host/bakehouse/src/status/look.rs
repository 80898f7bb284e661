//! Facts of the registry that no plan has: sizes, and what moving tags show.

use std::collections::{BTreeMap, BTreeSet};

use bakehouse_core::platform::Platform;
use bakehouse_registry::reserved::taken;
use bakehouse_registry::tags::moving_tags;
use bakehouse_registry::{Registry, RegistryError, download_size};
use futures_util::StreamExt as _;
use oci_spec::image::Descriptor;

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
    /// Digest of its index.
    pub digest: Option<String>,
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
            let known = known.map(|found| &found.known);
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
    known: Option<&BTreeSet<String>>,
) -> SeenImage {
    let Some(newest) = newest(registry, app, image, known).await else {
        return SeenImage::default();
    };
    let mut tags = Vec::new();
    for template in &app.moving {
        for tag in moving_tags(newest.number, std::slice::from_ref(template)) {
            let shown = tags.iter().any(|other: &TagStatus| other.tag == tag);
            if newest.moves && !newest.taken.contains(&tag) && !shown {
                let head = registry.head(image, &tag).await.ok();
                let is_it = |head: Option<Descriptor>| {
                    head.is_some_and(|head| head.digest().as_ref() == newest.digest)
                };
                tags.push(TagStatus {
                    tag,
                    template: template.clone(),
                    current: head.map(is_it),
                });
            }
        }
    }
    let sizes = sizes(registry, image, &newest.digest).await;
    SeenImage {
        sizes: sizes.unwrap_or_default(),
        tags,
        digest: Some(newest.digest),
    }
}

/// The newest version of an image that is published.
struct Newest<'a> {
    number: &'a str,
    digest: String,
    /// Moving tags may show it.
    moves: bool,
    /// Those that may not, since a version has their name.
    taken: Vec<String>,
}

async fn newest<'a>(
    registry: &Registry,
    app: &'a AppPlan,
    image: &str,
    known: Option<&BTreeSet<String>>,
) -> Option<Newest<'a>> {
    let counted = counted(app, image);
    let there = |(_, image): &&(&VersionPlan, &ImagePlan)| image.published.is_some();
    if let Some((version, planned)) = counted.iter().rev().find(there) {
        return Some(Newest {
            number: &version.version.number,
            digest: planned.published.clone()?,
            moves: !version.version.prerelease,
            taken: version.version.taken.clone(),
        });
    }
    let number = &app.older.get(image)?.version;
    let head = registry.head(image, number).await.ok()??;
    Some(Newest {
        number,
        digest: head.digest().to_string(),
        moves: true,
        taken: known.map_or_else(Vec::new, |known| taken(number, known, &app.moving)),
    })
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
