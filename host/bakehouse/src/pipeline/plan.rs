//! Stage 3, plan: pure data. Execution only walks it.

use std::collections::{BTreeMap, BTreeSet};

use bakehouse_core::platform::Platform;
use bakehouse_core::recipe::{App, Target, Version};
use bakehouse_core::target::TargetId;
use bakehouse_registry::Replace;
use bakehouse_registry::tags::moving_tags;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::batches::Batch;
use super::destination::Destination;
use super::held::Held;
use super::older::Older;
use super::reason::Reason;
use crate::config::Scope;
use crate::failure::{ExitCode, Failure};
use crate::schema::SchemaNumber;

/// Longest readable part of a job's id.
const READABLE: usize = 100;

/// The work of a run, for every app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Number of the schema.
    pub schema: SchemaNumber,
    /// The target registry as the user names it: `local` or `host[:port]`.
    pub registry: String,
    /// Path between registry and image name.
    pub namespace: String,
    /// The place that it publishes to, and the origin of each setting.
    #[serde(default)]
    pub destination: Destination,
    /// Apps, by name; in each, versions oldest first.
    pub apps: Vec<AppPlan>,
    /// Its jobs, as machines take them, where it was made for many machines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<Batch>,
}

/// One app's part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AppPlan {
    /// The recipe's account of the app.
    pub app: App,
    /// Templates of its moving tags.
    #[serde(default)]
    pub moving: Vec<String>,
    /// Versions, oldest first, so that moving tags settle on the newest.
    pub versions: Vec<VersionPlan>,
    /// The newest published version of each image of which none of these is
    /// published whole, by image.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub older: BTreeMap<String, Older>,
    /// The notes worth knowing of it, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One version's part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VersionPlan {
    /// The version.
    pub version: Version,
    /// Its images, those that others need first.
    pub images: Vec<ImagePlan>,
    /// The jobs that must be built: one for each platform and group of images.
    pub jobs: Vec<Job>,
}

/// One image of one version: the platforms that the registry has of it, and those
/// that it lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImagePlan {
    /// Image name.
    pub image: String,
    /// Platforms that the tag needs: what the recipe offers, cut to what is
    /// configured, or to those named where publishing a part was asked for.
    pub wanted: Vec<Platform>,
    /// Platforms the version's tag already has.
    pub present: Vec<Platform>,
    /// Wanted, and not there.
    pub missing: Vec<Platform>,
    /// Published, and built again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rebuild: Vec<Platform>,
    /// Digest of what the version's tag shows, which a rebuild replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// The reasons why it is built; without a job, those why that might be worth
    /// it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// Targets that keep it from being built, though something is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
    /// Tags for the index, `{version}` first. Moving ones are set only where
    /// they move forward.
    pub tags: Vec<String>,
    /// It is built where others need it, and never tagged; `missing` is what they
    /// need.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unpublished: bool,
}

/// One unit of fan-out: app x version x platform x images that need each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Build it anew, whatever there is of it: `bakehouse build --rebuild`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rebuild: bool,
}

/// A target that is missing, or to be built again, and what it is planned in.
#[derive(Debug, Clone)]
pub struct OpenTarget<'a> {
    /// The target.
    pub target: TargetId,
    /// Its version.
    pub version: &'a VersionPlan,
    /// Its image.
    pub image: &'a ImagePlan,
}

impl AppPlan {
    /// Targets that are missing, or to be built again, whether they are tried now
    /// or not.
    pub fn to_build(&self) -> impl Iterator<Item = OpenTarget<'_>> {
        let versions = self.versions.iter();
        versions.flat_map(|version| self.to_build_of(version))
    }

    /// Those of one of its versions.
    pub fn to_build_of<'a>(
        &'a self,
        version: &'a VersionPlan,
    ) -> impl Iterator<Item = OpenTarget<'a>> {
        version.images.iter().flat_map(move |image| {
            image.to_build().map(move |platform| OpenTarget {
                target: TargetId {
                    app: self.app.name.clone(),
                    version: version.version.number.clone(),
                    image: image.image.clone(),
                    platform: platform.clone(),
                },
                version,
                image,
            })
        })
    }
}

impl VersionPlan {
    /// The job that builds an image for a platform; none where nothing is built.
    #[must_use]
    pub fn job(&self, image: &str, platform: &Platform) -> Option<&Job> {
        let mut jobs = self.jobs.iter();
        jobs.find(|job| job.platform == *platform && job.images.iter().any(|i| i == image))
    }
}

impl ImagePlan {
    /// Its moving tags.
    pub fn moving(&self, version: &str) -> impl Iterator<Item = &str> {
        self.tags
            .iter()
            .map(String::as_str)
            .filter(move |tag| *tag != version)
    }

    /// Platforms to build: those that are missing, and those to rebuild.
    pub fn to_build(&self) -> impl Iterator<Item = &Platform> {
        self.missing.iter().chain(&self.rebuild)
    }

    /// Whether it is published as it is.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.to_build().next().is_none()
    }

    /// Whether its version's tag is to be written.
    #[must_use]
    pub fn is_to_publish(&self) -> bool {
        !self.unpublished && !self.is_done() && !self.is_held()
    }

    /// True where it is not tried now, since it failed before.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// The reasons to build it, or not to, in words.
    #[must_use]
    pub fn why(&self) -> Vec<String> {
        let reasons = self.reasons.iter().map(ToString::to_string);
        reasons
            .chain(self.held.iter().map(ToString::to_string))
            .collect()
    }

    /// The published images that the new ones may take the place of.
    #[must_use]
    pub fn replace(&self) -> Replace<'_> {
        match &self.published {
            Some(digest) if !self.rebuild.is_empty() => Replace::Index(digest),
            _ => Replace::Never,
        }
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

impl Job {
    /// A job's name as part of file and artifact names: readable, and with a
    /// digest of everything that tells it from other jobs, so that no two are
    /// alike.
    #[must_use]
    pub fn id(&self) -> String {
        let all = [&self.app, &self.version, &self.platform.to_string()]
            .into_iter()
            .chain(&self.images)
            .map(|text| format!("{}:{text}", text.len()))
            .collect::<String>();
        let digest = hex::encode(Sha256::digest(all));
        let readable = readable(&format!(
            "{}-{}-{}",
            self.app,
            self.version,
            self.platform.slug()
        ));
        format!("{readable}-{}", digest.get(..12).unwrap_or(&digest))
    }
}

impl Default for Plan {
    /// The plan of nothing.
    fn default() -> Self {
        Self {
            schema: SchemaNumber::NOW,
            registry: String::new(),
            namespace: String::new(),
            destination: Destination::default(),
            apps: Vec::new(),
            batches: Vec::new(),
        }
    }
}

/// The part of a name that files and artifacts may have, and people can read.
pub(super) fn readable(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' => c,
            _ => '_',
        })
        .take(READABLE)
        .collect()
}

impl Plan {
    /// Notes on its apps.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        let notes = self.apps.iter().flat_map(|app| &app.notes);
        notes.map(String::as_str)
    }

    /// All jobs, in the order they should start.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.apps
            .iter()
            .flat_map(|app| &app.versions)
            .flat_map(|version| &version.jobs)
    }

    /// The first image of which something would still be missing after all jobs,
    /// with what that is, and the number of such images.
    #[must_use]
    pub fn short(&self) -> Option<(Short<'_>, usize)> {
        let mut all = self
            .apps
            .iter()
            .flat_map(|app| &app.versions)
            .flat_map(|version| version.images.iter().map(move |image| (version, image)))
            .filter_map(|(version, image)| Short::of(version, image));
        let first = all.next()?;
        Some((first, all.count() + 1))
    }

    /// Number of targets to build.
    #[must_use]
    pub fn target_count(&self) -> usize {
        self.jobs().map(|job| job.images.len()).sum()
    }

    /// Targets that are missing, and not tried now.
    #[must_use]
    pub fn held(&self) -> Vec<TargetId> {
        let open = self.apps.iter().flat_map(AppPlan::to_build);
        let held = open.filter(|open| open.image.is_held());
        held.map(|open| open.target).collect()
    }

    /// The same without what is published: images, versions and apps of which
    /// something is missing, or to be built again.
    #[must_use]
    pub fn missing(&self) -> Self {
        let mut plan = self.clone();
        for app in &mut plan.apps {
            for version in &mut app.versions {
                version.images.retain(|image| !image.is_done());
            }
            app.versions.retain(|version| !version.images.is_empty());
        }
        plan.apps.retain(|app| !app.versions.is_empty());
        plan
    }

    /// Published images that another recipe than there is now made, and that are
    /// not built again.
    #[must_use]
    pub fn outdated(&self) -> usize {
        self.apps
            .iter()
            .flat_map(|app| &app.versions)
            .flat_map(|version| &version.images)
            .filter(|image| image.rebuild.is_empty())
            .filter(|image| image.reasons.iter().any(Reason::is_recipe))
            .count()
    }
}

/// An image of which a plan builds one part and leaves another missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Short<'a> {
    /// Image name.
    pub image: &'a str,
    /// Version number.
    pub version: &'a str,
    /// Platforms that are built.
    pub built: Vec<&'a Platform>,
    /// Platforms that stay missing.
    pub missing: Vec<&'a Platform>,
}

impl<'a> Short<'a> {
    fn of(version: &'a VersionPlan, image: &'a ImagePlan) -> Option<Self> {
        let is_built = |platform: &&Platform| {
            let mut jobs = version.jobs.iter();
            jobs.any(|job| job.platform == **platform && job.images.contains(&image.image))
        };
        let (built, missing): (Vec<_>, Vec<_>) = image.missing.iter().partition(is_built);
        let short = !built.is_empty() && !missing.is_empty() && !image.unpublished;
        short.then_some(Self {
            image: &image.image,
            version: &version.version.number,
            built,
            missing,
        })
    }
}

/// The facts that are known of one version before planning.
#[derive(Debug, Clone)]
pub struct VersionFacts {
    /// The version.
    pub version: Version,
    /// The recipe's matrix for it.
    pub matrix: Vec<Target>,
    /// The published state of each image that exists under the version's tag.
    pub published: BTreeMap<String, PublishedImage>,
    /// Digest of the recipe.
    pub recipe: String,
    /// Build everything anew, published or not.
    pub rebuild: bool,
}

/// The published state of one image of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedImage {
    /// Digest of what the version's tag shows.
    pub digest: String,
    /// Digest of the recipe that made each platform's image, where it is known.
    pub recipes: BTreeMap<Platform, Option<String>>,
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
    scope: &Scope,
    moving: &[String],
) -> Result<AppPlan, Failure> {
    let order = build_order(app)?;
    let notes = notes(app, &facts);
    let versions = facts
        .into_iter()
        .rev()
        .map(|facts| plan_version(app, &order, facts, scope, moving))
        .collect();
    Ok(AppPlan {
        app: app.clone(),
        moving: moving.to_vec(),
        versions,
        older: BTreeMap::new(),
        notes,
    })
}

/// Moving tags that are not set, each with the newest version that would have
/// it.
fn notes(app: &App, facts: &[VersionFacts]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let versions = facts.iter().map(|facts| &facts.version);
    let taken = versions.flat_map(|version| version.taken.iter().map(move |tag| (version, tag)));
    taken
        .filter(|(_, tag)| seen.insert(tag.as_str()))
        .map(|(version, tag)| {
            format!(
                "{}: the moving tag {tag} of {} is not set, since a version has that name",
                app.name, version.number
            )
        })
        .collect()
}

fn plan_version(
    app: &App,
    order: &[String],
    facts: VersionFacts,
    scope: &Scope,
    moving: &[String],
) -> VersionPlan {
    let mut images: Vec<ImagePlan> = order
        .iter()
        .filter_map(|image| {
            let wanted: Vec<Platform> = scope
                .wanted()
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
                .map(|published| published.recipes.keys().cloned().collect())
                .unwrap_or_default();
            let (there, missing): (Vec<Platform>, Vec<Platform>) = wanted
                .iter()
                .cloned()
                .partition(|platform| present.contains(platform));
            let mut reasons = reasons(&facts, published, &there, &missing);
            let only = |platform: &Platform| facts.rebuild && scope.only().contains(platform);
            let rebuild: Vec<Platform> = there.into_iter().filter(only).collect();
            if !rebuild.is_empty() {
                reasons.push(Reason::Forced);
            }
            Some(ImagePlan {
                image: image.clone(),
                reasons,
                rebuild,
                published: published.map(|published| published.digest.clone()),
                wanted,
                present,
                missing,
                held: Vec::new(),
                tags: tags(&facts.version, scope, moving),
                unpublished: false,
            })
        })
        .collect();
    leave_unpublished(app, &mut images);
    let jobs = jobs(app, &facts, &images, scope.only());
    VersionPlan {
        version: facts.version,
        images,
        jobs,
    }
}

/// Lets images that are not published be built where others need them, and
/// nowhere else.
fn leave_unpublished(app: &App, images: &mut [ImagePlan]) {
    for hidden in app.images.iter().filter(|image| image.unpublished) {
        let by: Vec<&ImagePlan> = images
            .iter()
            .filter(|image| needed(app, &image.image).contains(hidden.name.as_str()))
            .filter(|image| {
                app.images
                    .iter()
                    .any(|i| i.name == image.image && !i.unpublished)
            })
            .collect();
        let platforms: BTreeSet<Platform> = by
            .iter()
            .flat_map(|image| image.to_build())
            .cloned()
            .collect();
        let by: Vec<String> = by
            .iter()
            .filter(|image| !image.is_done())
            .map(|image| image.image.clone())
            .collect();
        for image in images.iter_mut().filter(|image| image.image == hidden.name) {
            image.unpublished = true;
            image.missing = image.wanted.clone();
            image
                .missing
                .retain(|platform| platforms.contains(platform));
            image.reasons = match image.missing.is_empty() {
                true => Vec::new(),
                false => vec![Reason::Needed { by: by.clone() }],
            };
            (image.present, image.rebuild) = (Vec::new(), Vec::new());
            (image.published, image.tags) = (None, Vec::new());
        }
    }
}

/// The reasons to build an image of which the platforms `there` are published.
fn reasons(
    facts: &VersionFacts,
    published: Option<&PublishedImage>,
    there: &[Platform],
    missing: &[Platform],
) -> Vec<Reason> {
    let Some(published) = published else {
        return vec![Reason::NewVersion];
    };
    let mut reasons = Vec::new();
    if !missing.is_empty() {
        let platforms = missing.to_vec();
        reasons.push(Reason::Missing { platforms });
    }
    let mut from = BTreeMap::new();
    let mut unknown = Vec::new();
    for platform in there {
        match published.recipes.get(platform).and_then(Option::as_ref) {
            Some(recipe) if *recipe == facts.recipe => {}
            Some(recipe) => drop(from.insert(platform.clone(), recipe.clone())),
            None => unknown.push(platform.clone()),
        }
    }
    if !from.is_empty() {
        let to = facts.recipe.clone();
        reasons.push(Reason::RecipeChanged { from, to });
    }
    if !unknown.is_empty() {
        reasons.push(Reason::RecipeUnknown { platforms: unknown });
    }
    reasons
}

/// The version's own tag, then its moving ones: none of a prerelease or a part,
/// and none that is the name of another version.
fn tags(version: &Version, scope: &Scope, moving: &[String]) -> Vec<String> {
    let mut tags = vec![version.number.clone()];
    if !version.prerelease && !scope.is_partial() {
        let free = moving_tags(&version.number, moving).into_iter();
        tags.extend(free.filter(|tag| !version.taken.contains(tag)));
    }
    tags
}

/// Jobs of one version: for each platform the groups of images to build that
/// need each other. An image that another one needs is in its job even when it
/// is published already: its digest is the base.
fn jobs(app: &App, facts: &VersionFacts, images: &[ImagePlan], only: &[Platform]) -> Vec<Job> {
    let to_build = images.iter().flat_map(ImagePlan::to_build);
    let platforms: BTreeSet<&Platform> = to_build.filter(|p| only.contains(p)).collect();
    let mut jobs = Vec::new();
    for platform in platforms {
        let mut groups: Vec<BTreeSet<&str>> = Vec::new();
        let to_build = |image: &&ImagePlan| image.to_build().any(|other| other == platform);
        for image in images.iter().filter(to_build) {
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
                version: facts.version.number.clone(),
                platform: platform.clone(),
                images: images
                    .iter()
                    .map(|image| image.image.clone())
                    .filter(|image| group.contains(image.as_str()))
                    .collect(),
                rebuild: facts.rebuild,
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
    let mut left: Vec<&bakehouse_core::recipe::Image> = app.images.iter().collect();
    while !left.is_empty() {
        let (ready, blocked): (Vec<&bakehouse_core::recipe::Image>, Vec<_>) = left
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

#[cfg(test)]
pub(crate) mod tests_support {
    use serde_json::json;

    use super::{Job, Plan};

    /// A plan of these jobs, all listed under one app and version.
    pub(crate) fn plan_of(jobs: Vec<Job>) -> Plan {
        let app = json!({
            "name": "a", "recipeVersion": "1", "summary": "", "upstream": "", "license": "", "images": [],
        });
        let version = json!({ "version": { "number": "1" }, "images": [], "jobs": jobs });
        let plan = json!({
            "schema": 1, "registry": "r.example", "namespace": "n",
            "apps": [{ "app": app, "versions": [version] }],
        });
        serde_json::from_value(plan).unwrap()
    }
}
