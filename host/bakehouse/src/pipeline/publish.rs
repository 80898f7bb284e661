//! Stage 6, publish: merge, tag, verify.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::Event;
use bakehouse_core::recipe::{App, Version};
use bakehouse_registry::{Child, Manifest, MergeRequest, Move, Moved, MovedTag, Replace};
use bakehouse_upstream::git::Revision;
use oci_spec::image::Descriptor;

use super::facts::{annotations, dated};
use super::identity::expected;
use super::image_key::ImageKey;
use super::plan::{ImagePlan, VersionPlan};
use super::report::ImageReport;
use crate::context::Context;

/// Images to publish under a version.
#[derive(Debug)]
pub struct New<'a> {
    /// By platform.
    pub images: BTreeMap<Platform, Made>,
    /// The commit they were built from, where that is known.
    pub revision: Option<&'a Revision>,
    /// The published images that they may take the place of.
    pub replace: Replace<'a>,
    /// The trust in what is said of them.
    pub trust: Trust,
}

/// One image to publish.
#[derive(Debug, Clone)]
pub struct Made {
    /// The descriptor that the push returned.
    pub descriptor: Descriptor,
    /// Digest of the recipe that made it, where that is known.
    pub recipe: Option<String>,
}

/// The trust in what is said of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// This run pushed them, and looked at them then.
    Pushed,
    /// Somebody says so: their own configurations must say the same.
    Told,
}

/// Indexes that this run wrote, which spares moving tags a look at them.
pub type Written = HashMap<ImageKey, Manifest>;

/// Merges the images of one version, and tags the index with it; gives the index,
/// too.
///
/// # Errors
/// As [`Registry::merge`](bakehouse_registry::Registry::merge).
pub async fn publish(
    context: &Context,
    app: &App,
    version: &Version,
    image: &ImagePlan,
    new: New<'_>,
) -> Result<(ImageReport, Manifest)> {
    let dated = dated(version, new.revision);
    let annotations = annotations(app, &dated, &image.image, new.revision);
    let labels = expected(&annotations);
    let request = MergeRequest {
        image: &image.image,
        version: &version.number,
        children: new
            .images
            .into_iter()
            .map(|(platform, made)| Child {
                platform,
                descriptor: made.descriptor,
                attestations: Vec::new(),
                recipe: made.recipe,
            })
            .collect(),
        wanted: &image.wanted,
        annotations,
        replace: new.replace,
        labels: (new.trust == Trust::Told).then_some(&labels),
    };
    let merged = context.registry.merge(&request).await?;
    let reference = context
        .registry
        .endpoint()
        .show(&image.image, &version.number);
    if let Some(revision) = &merged.revision {
        context.reporter.report(Event::Tagged {
            reference: &context.registry.endpoint().show(&image.image, revision),
            to: &format!("what {reference} was"),
        });
    }
    for replaced in &merged.replaced {
        context.reporter.report(Event::Warning {
            message: &format!(
                "{reference}: the published image for {} was replaced: {} by {}",
                replaced.platform, replaced.from, replaced.to
            ),
        });
    }
    let mut report = ImageReport {
        reference,
        digest: merged.descriptor.digest().to_string(),
        platforms: merged.platforms.keys().map(ToString::to_string).collect(),
        tags: Vec::new(),
        kept: Vec::new(),
        replaced: merged.replaced,
        revision: merged.revision,
        key: ImageKey {
            image: image.image.clone(),
            version: version.number.clone(),
        },
    };
    if merged.tagged {
        report.tags.push(version.number.clone());
        context.reporter.report(Event::Tagged {
            reference: &report.reference,
            to: &report.digest,
        });
    }
    Ok((report, merged.manifest))
}

/// Moves each moving tag of an image to the newest of these versions that has
/// it. They are published, oldest first; `written` are the indexes that were
/// just written. An earlier run may have been stopped between a version's tag
/// and the moving ones, so this does not depend on what was built now.
///
/// # Errors
/// As [`Registry::move_tags`](bakehouse_registry::Registry::move_tags).
pub async fn move_tags(
    context: &Context,
    image: &str,
    versions: &[(&VersionPlan, &ImagePlan)],
    templates: &[String],
    written: &Written,
) -> Result<Vec<MovedTag>> {
    let endpoint = context.registry.endpoint();
    let wanted = wanted_moves(image, versions, written);
    let moved = context
        .registry
        .move_tags(image, &wanted, templates)
        .await?;
    for tag in moved.iter().filter(|tag| tag.how == Moved::Forward) {
        context.reporter.report(Event::Tagged {
            reference: &endpoint.show(image, &tag.tag),
            to: &tag.version,
        });
    }
    Ok(moved)
}

/// Each moving tag of an image, with the newest version that has it.
pub(super) fn wanted_moves(
    image: &str,
    versions: &[(&VersionPlan, &ImagePlan)],
    written: &Written,
) -> Vec<Move> {
    let mut newest: BTreeMap<&str, &str> = BTreeMap::new();
    for (version, plan) in versions {
        let number = version.version.number.as_str();
        newest.extend(plan.moving(number).map(|tag| (tag, number)));
    }
    newest
        .into_iter()
        .map(|(tag, version)| {
            let key = ImageKey {
                image: image.to_owned(),
                version: version.to_owned(),
            };
            Move {
                tag: tag.to_owned(),
                version: version.to_owned(),
                manifest: written.get(&key).cloned(),
            }
        })
        .collect()
}
