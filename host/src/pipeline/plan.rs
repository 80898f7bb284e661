//! Stage 3, plan: pure data. Execution only walks it.

use std::collections::{BTreeMap, BTreeSet};

use oci_spec::image::Descriptor;
use serde::{Deserialize, Serialize};

use crate::error::{ExitCode, Failure};
use crate::platform::Platform;
use crate::recipe::{App, Target, Version};
use crate::registry::tags::moving_tags;
use crate::target::TargetId;

/// Version of the plan's JSON. It grows by adding fields; a field that changes
/// its meaning makes it 2.
pub const SCHEMA: u32 = 1;

/// What a run is going to do, for every app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The target registry as the user names it: `local` or `host[:port]`.
    pub registry: String,
    /// Path between registry and image name.
    pub namespace: String,
    /// Apps, by name; in each, versions oldest first.
    pub apps: Vec<AppPlan>,
}

/// One app's part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppPlan {
    /// What the recipe says of the app.
    pub app: App,
    /// Templates of its moving tags.
    #[serde(default)]
    pub moving: Vec<String>,
    /// Versions, oldest first, so that moving tags settle on the newest.
    pub versions: Vec<VersionPlan>,
}

/// One version's part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionPlan {
    /// The version.
    pub version: Version,
    /// Its images, those that others need first.
    pub images: Vec<ImagePlan>,
    /// What must be built: one job for each platform and group of images.
    pub jobs: Vec<Job>,
}

/// What the registry has of one image of one version, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImagePlan {
    /// Image name.
    pub image: String,
    /// Platforms wanted: what the recipe offers, cut to what is configured.
    pub wanted: Vec<Platform>,
    /// Platforms the version's tag already has.
    pub present: Vec<Platform>,
    /// Wanted, and not there.
    pub missing: Vec<Platform>,
    /// Tags for the index, `{version}` first. Moving ones are set only where
    /// they move forward.
    pub tags: Vec<String>,
}

/// One unit of fan-out: app x version x platform x images that need each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// App name.
    pub app: String,
    /// Version number.
    pub version: String,
    /// Platform of all its targets.
    pub platform: Platform,
    /// Images in build order.
    pub images: Vec<String>,
}

impl ImagePlan {
    /// Its moving tags.
    pub fn moving(&self, version: &str) -> impl Iterator<Item = &str> {
        self.tags
            .iter()
            .map(String::as_str)
            .filter(move |tag| *tag != version)
    }
}

impl Job {
    /// The job's targets, in build order.
    pub fn targets(&self) -> impl Iterator<Item = TargetId> + '_ {
        self.images.iter().map(|image| TargetId {
            app: self.app.clone(),
            version: self.version.clone(),
            image: image.clone(),
            platform: self.platform.clone(),
        })
    }
}

impl Plan {
    /// All jobs, in the order they should start.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.apps
            .iter()
            .flat_map(|app| &app.versions)
            .flat_map(|version| &version.jobs)
    }

    /// Number of targets to build.
    #[must_use]
    pub fn target_count(&self) -> usize {
        self.jobs().map(|job| job.images.len()).sum()
    }
}

/// What is known of one version before planning.
#[derive(Debug, Clone)]
pub struct VersionFacts {
    /// The version.
    pub version: Version,
    /// The recipe's matrix for it.
    pub matrix: Vec<Target>,
    /// Platforms that the version's tag has, for each image that exists.
    pub published: BTreeMap<String, BTreeMap<Platform, Descriptor>>,
}

/// Plans one app. `versions` may come in any order and leave it oldest first,
/// by the order of `facts` reversed (recipes answer newest first). `moving`
/// are the templates of moving tags.
///
/// # Errors
/// A [`Failure`] with [`ExitCode::Recipe`] when the images' `needs` make a
/// circle or name an image the app does not have.
pub fn plan_app(
    app: &App,
    facts: Vec<VersionFacts>,
    wanted: &[Platform],
    moving: &[String],
) -> Result<AppPlan, Failure> {
    let order = build_order(app)?;
    let versions = facts
        .into_iter()
        .rev()
        .map(|facts| plan_version(app, &order, facts, wanted, moving))
        .collect();
    Ok(AppPlan {
        app: app.clone(),
        moving: moving.to_vec(),
        versions,
    })
}

fn plan_version(
    app: &App,
    order: &[String],
    facts: VersionFacts,
    wanted: &[Platform],
    moving: &[String],
) -> VersionPlan {
    let number = &facts.version.number;
    let images: Vec<ImagePlan> = order
        .iter()
        .filter_map(|image| {
            let wanted: Vec<Platform> = wanted
                .iter()
                .filter(|platform| {
                    facts
                        .matrix
                        .iter()
                        .any(|target| target.image == *image && target.platform == **platform)
                })
                .cloned()
                .collect();
            if wanted.is_empty() {
                return None;
            }
            let published = facts.published.get(image);
            let present: Vec<Platform> = published
                .map(|platforms| platforms.keys().cloned().collect())
                .unwrap_or_default();
            let missing = wanted
                .iter()
                .filter(|platform| !present.contains(platform))
                .cloned()
                .collect();
            Some(ImagePlan {
                image: image.clone(),
                wanted,
                present,
                missing,
                tags: std::iter::once(number.clone())
                    .chain(moving_tags(number, facts.version.prerelease, moving))
                    .collect(),
            })
        })
        .collect();
    let jobs = jobs(app, &facts.version, &images);
    VersionPlan {
        version: facts.version,
        images,
        jobs,
    }
}

/// Jobs of one version: for each platform the groups of missing images that
/// need each other. An image that another one needs is in its job even when it
/// is published already: its digest is the base.
fn jobs(app: &App, version: &Version, images: &[ImagePlan]) -> Vec<Job> {
    let platforms: BTreeSet<&Platform> = images.iter().flat_map(|image| &image.missing).collect();
    let mut jobs = Vec::new();
    for platform in platforms {
        let mut groups: Vec<BTreeSet<&str>> = Vec::new();
        for image in images.iter().filter(|i| i.missing.contains(platform)) {
            let mut group = needed(app, &image.image);
            group.insert(&image.image);
            // Groups that share an image become one.
            let (shared, apart): (Vec<_>, Vec<_>) =
                groups.into_iter().partition(|g| !g.is_disjoint(&group));
            groups = apart;
            for other in shared {
                group.extend(other);
            }
            groups.push(group);
        }
        jobs.extend(groups.into_iter().map(|group| {
            Job {
                app: app.name.clone(),
                version: version.number.clone(),
                platform: platform.clone(),
                images: images
                    .iter()
                    .map(|image| image.image.clone())
                    .filter(|image| group.contains(image.as_str()))
                    .collect(),
            }
        }));
    }
    jobs
}

/// Everything an image needs, directly or not.
fn needed<'a>(app: &'a App, image: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![image];
    while let Some(name) = open.pop() {
        let needs = app.images.iter().find(|i| i.name == name);
        for need in needs.into_iter().flat_map(|i| &i.needs) {
            if found.insert(need.as_str()) {
                open.push(need);
            }
        }
    }
    found
}

/// Image names, each after those it needs.
fn build_order(app: &App) -> Result<Vec<String>, Failure> {
    let mut order: Vec<String> = Vec::new();
    let mut left: Vec<&crate::recipe::Image> = app.images.iter().collect();
    while !left.is_empty() {
        let (ready, blocked): (Vec<&crate::recipe::Image>, Vec<_>) = left
            .iter()
            .copied()
            .partition(|image| image.needs.iter().all(|need| order.contains(need)));
        if ready.is_empty() {
            let names: Vec<_> = blocked.iter().map(|image| image.name.as_str()).collect();
            return Err(Failure::new(
                ExitCode::Recipe,
                format!(
                    "{}: images {} need each other in a circle, or need an image the app does not have",
                    app.name,
                    names.join(", ")
                ),
            )
            .hint("mend `needs` in the recipe's describe()"));
        }
        order.extend(ready.iter().map(|image| image.name.clone()));
        left = blocked;
    }
    Ok(order)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
