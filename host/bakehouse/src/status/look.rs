//! Facts of the registry that no plan has: sizes, and what moving tags show.

use std::collections::{BTreeMap, BTreeSet};

use bakehouse_core::platform::Platform;
use bakehouse_core::recipe::App;
use bakehouse_core::version_number::VersionNumber;
use bakehouse_registry::reserved::{is_the_hosts, taken};
use bakehouse_registry::tags::moving_tags;
use bakehouse_registry::{Held, Registry};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
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

/// An app that could not be discovered, as far as its recipe and the registry know it:
/// who pulls its images is not to lose them where upstream does not answer.
#[derive(Debug, Clone)]
pub struct Undiscovered {
    /// Its description, by its recipe.
    pub app: App,
    /// Templates of its moving tags.
    pub moving: Vec<String>,
    /// By image its newest published version, and facts of that.
    pub images: BTreeMap<String, (String, SeenImage)>,
}

/// Tags tried at most for one that holds the version that it names.
const TRIED: usize = 5;

/// Looks at the images of apps that are in no plan, each with the templates of its
/// moving tags.
pub async fn look_without_upstream(
    registry: &Registry,
    apps: impl IntoIterator<Item = (App, Vec<String>)>,
) -> Vec<Undiscovered> {
    let looked = apps.into_iter().map(|(app, moving)| async move {
        let images = app.images.iter().filter(|image| !image.unpublished);
        let looked = images.map(|image| async {
            let newest = newest_of_tags(registry, &image.name).await?;
            let number = newest.number.clone();
            let seen = facts(registry, &image.name, &moving, newest).await;
            Some((image.name.clone(), (number, seen)))
        });
        let looked = join_all(looked).await;
        Undiscovered {
            images: looked.into_iter().flatten().collect(),
            app,
            moving,
        }
    });
    join_all(looked).await
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
    match newest(registry, app, image, known).await {
        Some(newest) => facts(registry, image, &app.moving, newest).await,
        None => SeenImage::default(),
    }
}

/// Facts of the newest version of an image that is published.
async fn facts(registry: &Registry, image: &str, moving: &[String], newest: Newest) -> SeenImage {
    let mut tags = Vec::new();
    for template in moving {
        for tag in moving_tags(&newest.number, std::slice::from_ref(template)) {
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
    let sizes = registry.download_sizes(image, &newest.digest).await;
    SeenImage {
        sizes: sizes.unwrap_or_default(),
        tags,
        digest: Some(newest.digest),
    }
}

/// The newest version of an image that is published.
struct Newest {
    number: String,
    digest: String,
    /// Moving tags may show it.
    moves: bool,
    /// Those that may not, since a version has their name.
    taken: Vec<String>,
}

async fn newest(
    registry: &Registry,
    app: &AppPlan,
    image: &str,
    known: Option<&BTreeSet<String>>,
) -> Option<Newest> {
    let counted = counted(app, image);
    let there = |(_, image): &&(&VersionPlan, &ImagePlan)| image.published.is_some();
    if let Some((version, planned)) = counted.iter().rev().find(there) {
        return Some(Newest {
            number: version.version.number.clone(),
            digest: planned.published.clone()?,
            moves: !version.version.prerelease,
            taken: version.version.taken.clone(),
        });
    }
    let number = &app.older.get(image)?.version;
    let head = registry.head(image, number).await.ok()??;
    Some(Newest {
        digest: head.digest().to_string(),
        moves: true,
        taken: known.map_or_else(Vec::new, |known| taken(number, known, &app.moving)),
        number: number.clone(),
    })
}

/// The same by the registry's tags alone: the newest for general use that holds the
/// version that it names.
async fn newest_of_tags(registry: &Registry, image: &str) -> Option<Newest> {
    let tags = registry.tags(image).await.ok()?;
    let versions = tags.into_iter().filter(|tag| !is_the_hosts(tag));
    let versions = versions.filter_map(|tag| Some((VersionNumber::parse(&tag)?, tag)));
    let mut versions: Vec<_> = versions
        .filter(|(number, _)| !number.is_prerelease())
        .collect();
    versions.sort_by(|(one, _), (other, _)| other.cmp(one));
    for (_, tag) in versions.into_iter().take(TRIED) {
        let held = registry.version(image, &tag).await;
        if let Some(published) = held.ok().and_then(Held::version) {
            return Some(Newest {
                number: tag,
                digest: published.descriptor.digest().to_string(),
                moves: true,
                taken: Vec::new(),
            });
        }
    }
    None
}
