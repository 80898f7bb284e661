//! A status as data.

use bakehouse_core::date::Date;
use bakehouse_core::platform::Platform;
use bakehouse_core::target::TargetId;
use serde::Serialize;

use super::lag::lag;
use super::look::{Seen, SeenImage, Undiscovered};
use crate::pipeline::alarm::{Alarm, counted};
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::history::{History, Trouble};
use crate::pipeline::older::Older;
use crate::pipeline::plan::{AppPlan, ImagePlan, Plan, VersionPlan};
use crate::pipeline::web_page::link;
use crate::schema::SchemaNumber;

/// The images of a project, against what upstream has.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Number of the schema.
    pub schema: SchemaNumber,
    /// The date at which it was looked at.
    pub date: Date,
    /// `local`, or `host[:port]`.
    pub registry: String,
    /// Path between registry and image name.
    pub namespace: String,
    /// Apps, by name.
    pub apps: Vec<AppStatus>,
    /// Matters that somebody should look at.
    pub alarms: Vec<Alarm>,
    /// Apps and versions that could not be looked at, and why.
    pub failures: Vec<FailureRecord>,
}

/// One app.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AppStatus {
    /// Its name.
    pub app: String,
    /// One line for people.
    pub summary: String,
    /// Home page or source repository.
    pub upstream: String,
    /// SPDX licence expression.
    pub license: String,
    /// Templates of its moving tags.
    pub moving: Vec<String>,
    /// The images that it publishes; none where its recipe cannot be loaded. Where
    /// upstream could not be asked, as the registry has them.
    pub images: Vec<ImageStatus>,
    /// Sentences worth knowing of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The failure that kept it from being looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImageStatus {
    /// Its name.
    pub image: String,
    /// One line for people.
    pub summary: String,
    /// Its repository, `host/namespace/image`.
    pub repository: String,
    /// Its repository as `docker pull` takes it: with the embedded registry, while
    /// `bakehouse serve` serves it.
    pub pull: String,
    /// Web page of its repository, where the registry is known to have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// In a word.
    pub state: State,
    /// Upstream's newest version.
    pub upstream: Option<Upstream>,
    /// The newest version that is published.
    pub published: Option<Shown>,
    /// Its lag behind upstream; none where it has none.
    pub lag: Option<Lag>,
    /// The next run's work, newest version first.
    pub next: Vec<Next>,
    /// Targets that failed the last time, newest version first.
    pub failing: Vec<Failing>,
    /// The versions that were looked at, newest first.
    pub versions: Vec<VersionStatus>,
}

/// In a word, how an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Upstream's newest version is published, for all platforms.
    Current,
    /// The newest version that is published lacks platforms.
    Partial,
    /// Upstream has a newer version than the one that is published.
    Behind,
    /// Nothing is published.
    Missing,
    /// Something newer, or more, would be there if it could be built.
    Failing,
    /// It could not be looked at.
    Unknown,
}

/// A version of upstream's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Upstream {
    /// Its number.
    pub version: String,
    /// The date of its release, where upstream gives one.
    pub released: Option<Date>,
}

/// The published part of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Its number.
    pub version: String,
    /// The date of its release, where upstream gives one.
    pub released: Option<Date>,
    /// Digest of its index.
    pub digest: Option<String>,
    /// Platforms, with what they take to download.
    pub platforms: Vec<PlatformStatus>,
    /// Platforms that are to be there, and are not.
    pub missing: Vec<Platform>,
    /// Moving tags that it should have.
    pub tags: Vec<TagStatus>,
}

/// One platform of a published version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlatformStatus {
    /// The platform.
    pub platform: Platform,
    /// Bytes to download, configuration and compressed layers, where the registry
    /// tells.
    pub size: Option<u64>,
}

/// One moving tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TagStatus {
    /// The tag.
    pub tag: String,
    /// Its template, such as `{major}`.
    pub template: String,
    /// True where it shows this version; none where the registry does not tell.
    pub current: Option<bool>,
}

/// The lag of an image behind upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Lag {
    /// Newer versions that upstream has, prereleases left out.
    pub versions: usize,
    /// The date since which there is a newer one; for an image of which nothing is
    /// published, since which the project has it.
    pub since: Option<Date>,
    /// Whole days since then.
    pub days: Option<u64>,
}

/// The next run's work on one version of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Next {
    /// The version.
    pub version: String,
    /// Platforms that it would build; none where it would not.
    pub builds: Vec<Platform>,
    /// The reasons to, not to, or for which it might be worth it.
    pub reasons: Vec<String>,
}

/// Something that failed the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Failing {
    /// The version, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The platform, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Its first failure.
    pub since: Date,
    /// Its last failure.
    pub last: Date,
    /// Failures, one after the other.
    pub times: u32,
    /// The date after which it is tried again; none where the next run does.
    pub until: Option<Date>,
    /// Its last failure in words.
    pub message: String,
}

/// One version of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VersionStatus {
    /// Its number.
    pub version: String,
    /// The date of its release, where upstream gives one.
    pub released: Option<Date>,
    /// Upstream does not mean it for general use.
    pub prerelease: bool,
    /// Platforms that are published.
    pub platforms: Vec<Platform>,
    /// Platforms that are to be there, and are not.
    pub missing: Vec<Platform>,
}

/// The parts of a status.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The next run's work.
    pub plan: &'a Plan,
    /// Facts of the registry.
    pub seen: &'a Seen,
    /// Memory of earlier runs.
    pub history: &'a History,
    /// Apps that could not be discovered.
    pub undiscovered: &'a [Undiscovered],
    /// Apps and versions that could not be looked at.
    pub failures: &'a [FailureRecord],
    /// Matters that somebody should look at.
    pub alarms: &'a [Alarm],
    /// Now.
    pub now: &'a Date,
}

impl Status {
    /// Puts together what is known.
    #[must_use]
    pub fn new(facts: Facts<'_>) -> Self {
        let Facts { plan, .. } = facts;
        let mut apps: Vec<AppStatus> = plan.apps.iter().map(|app| of_app(facts, app)).collect();
        for failure in facts.failures {
            let Some(name) = &failure.app else { continue };
            if !apps.iter().any(|app| app.app == *name) {
                apps.push(unseen(facts, name, failure));
            }
        }
        apps.sort_by(|a, b| a.app.cmp(&b.app));
        Self {
            schema: SchemaNumber::NOW,
            date: facts.now.clone(),
            registry: plan.registry.clone(),
            namespace: plan.namespace.clone(),
            apps,
            alarms: facts.alarms.to_vec(),
            failures: facts.failures.to_vec(),
        }
    }

    /// Whether every app has an image, and all of them are current.
    #[must_use]
    pub fn is_current(&self) -> bool {
        let mut apps = self.apps.iter();
        apps.all(|app| app.state() == State::Current)
    }

    /// Its images, each with its app.
    pub fn images(&self) -> impl Iterator<Item = (&AppStatus, &ImageStatus)> {
        let apps = self.apps.iter();
        apps.flat_map(|app| app.images.iter().map(move |image| (app, image)))
    }
}

impl AppStatus {
    /// The state of its worst image.
    #[must_use]
    pub fn state(&self) -> State {
        let worst = self.images.iter().map(|image| image.state).max();
        worst.unwrap_or(State::Unknown)
    }
}

/// An app that could not be looked at.
fn unseen(facts: Facts<'_>, name: &str, failure: &FailureRecord) -> AppStatus {
    let (history, now) = (facts.history, facts.now);
    let known = history.app(name).and_then(|app| app.failing.as_ref());
    let failing = match known {
        Some(trouble) => failing(trouble, None, None, None),
        None => Failing {
            version: None,
            platform: None,
            since: now.clone(),
            last: now.clone(),
            times: 1,
            until: None,
            message: failure.message.clone(),
        },
    };
    let status = AppStatus {
        app: name.to_owned(),
        summary: String::new(),
        upstream: String::new(),
        license: String::new(),
        moving: Vec::new(),
        images: Vec::new(),
        notes: Vec::new(),
        failing: Some(failing),
    };
    let mut undiscovered = facts.undiscovered.iter();
    let Some(known) = undiscovered.find(|known| known.app.name == name) else {
        return status;
    };
    let images = known.app.images.iter().filter(|image| !image.unpublished);
    AppStatus {
        summary: known.app.summary.clone(),
        upstream: known.app.upstream.clone(),
        license: known.app.license.clone(),
        moving: known.moving.clone(),
        images: images
            .map(|image| {
                let seen = known.images.get(&image.name);
                ImageStatus {
                    published: seen.map(|(version, seen)| alone(version, None, Some(seen))),
                    ..ImageStatus::unknown(facts.plan, &image.name, &image.summary)
                }
            })
            .collect(),
        ..status
    }
}

impl ImageStatus {
    /// One of which nothing is known but where it is.
    fn unknown(plan: &Plan, image: &str, summary: &str) -> Self {
        let repository = format!("{}/{}/{image}", plan.registry, plan.namespace);
        Self {
            image: image.to_owned(),
            summary: summary.to_owned(),
            pull: pull(plan, image),
            link: link(&repository),
            repository,
            state: State::Unknown,
            upstream: None,
            published: None,
            lag: None,
            next: Vec::new(),
            failing: Vec::new(),
            versions: Vec::new(),
        }
    }
}

fn of_app(facts: Facts<'_>, app: &AppPlan) -> AppStatus {
    let images = app.app.images.iter().filter(|image| !image.unpublished);
    AppStatus {
        app: app.app.name.clone(),
        summary: app.app.summary.clone(),
        upstream: app.app.upstream.clone(),
        license: app.app.license.clone(),
        moving: app.moving.clone(),
        images: images
            .map(|image| of_image(facts, app, &image.name, &image.summary))
            .collect(),
        notes: app.notes.clone(),
        failing: None,
    }
}

fn of_image(facts: Facts<'_>, app: &AppPlan, image: &str, summary: &str) -> ImageStatus {
    let Facts { plan, seen, .. } = facts;
    let counted = counted(app, image);
    let seen = seen.image(&app.app.name, image);
    let newest = counted.last().map(|(version, _)| Upstream {
        version: version.version.number.clone(),
        released: version.version.created.clone(),
    });
    let published = shown(&counted, app.older.get(image), seen);
    let failing = failures(facts, app, image);
    let lag = lag(facts, app, image);
    let all = app.versions.iter().rev();
    let all = all.filter_map(|version| {
        let image = version.images.iter().find(|i| i.image == image)?;
        Some((version, image))
    });
    let all: Vec<(&VersionPlan, &ImagePlan)> = all.collect();
    ImageStatus {
        state: state(published.as_ref(), lag.as_ref(), &failing),
        upstream: newest,
        published,
        lag,
        next: all.iter().filter_map(|(v, i)| next(v, i)).collect(),
        failing,
        versions: all.iter().map(|(v, i)| version(v, i)).collect(),
        ..ImageStatus::unknown(plan, image, summary)
    }
}

/// The repository as Docker finds it: that of the embedded registry is where
/// `bakehouse serve` serves it.
fn pull(plan: &Plan, image: &str) -> String {
    let host = match plan.registry.as_str() {
        "local" => "127.0.0.1:5000",
        host => host,
    };
    format!("{host}/{}/{image}", plan.namespace)
}

fn state(published: Option<&Shown>, lag: Option<&Lag>, failing: &[Failing]) -> State {
    let lacks = published.is_some_and(|shown| !shown.missing.is_empty());
    let short = published.is_none() || lag.is_some() || lacks;
    match published {
        // Of an older version it matters to nobody who pulls the newest.
        _ if short && !failing.is_empty() => State::Failing,
        None => State::Missing,
        Some(_) if lag.is_some() => State::Behind,
        Some(_) if lacks => State::Partial,
        Some(_) => State::Current,
    }
}

/// The newest version of which something is published: of those that were looked
/// at, else of those whose tags were seen.
fn shown(
    counted: &[(&VersionPlan, &ImagePlan)],
    older: Option<&Older>,
    seen: Option<&SeenImage>,
) -> Option<Shown> {
    let there = |(_, image): &&(&VersionPlan, &ImagePlan)| !image.present.is_empty();
    let newest = counted.iter().rev().find(there);
    let Some((version, image)) = newest else {
        let older = older?;
        return Some(alone(&older.version, older.released.clone(), seen));
    };
    let size = |platform: &Platform| seen.and_then(|seen| seen.sizes.get(platform).copied());
    Some(Shown {
        version: version.version.number.clone(),
        released: version.version.created.clone(),
        digest: image.published.clone(),
        platforms: image
            .present
            .iter()
            .map(|platform| PlatformStatus {
                platform: platform.clone(),
                size: size(platform),
            })
            .collect(),
        missing: image.missing.clone(),
        tags: seen.map(|seen| seen.tags.clone()).unwrap_or_default(),
    })
}

/// A version that is in no plan, as the registry has it.
fn alone(version: &str, released: Option<Date>, seen: Option<&SeenImage>) -> Shown {
    let sizes = seen.into_iter().flat_map(|seen| &seen.sizes);
    Shown {
        version: version.to_owned(),
        released,
        digest: seen.and_then(|seen| seen.digest.clone()),
        platforms: sizes
            .map(|(platform, size)| PlatformStatus {
                platform: platform.clone(),
                size: Some(*size),
            })
            .collect(),
        missing: Vec::new(),
        tags: seen.map(|seen| seen.tags.clone()).unwrap_or_default(),
    }
}

fn next(version: &VersionPlan, image: &ImagePlan) -> Option<Next> {
    let reasons = image.why();
    let builds = image.to_build().filter(|_| !image.is_held());
    (!reasons.is_empty()).then(|| Next {
        version: version.version.number.clone(),
        builds: builds.cloned().collect(),
        reasons,
    })
}

fn version(version: &VersionPlan, image: &ImagePlan) -> VersionStatus {
    VersionStatus {
        version: version.version.number.clone(),
        released: version.version.created.clone(),
        prerelease: version.version.prerelease,
        platforms: image.present.clone(),
        missing: image.missing.clone(),
    }
}

/// Targets of an image that are missing and failed the last time.
fn failures(facts: Facts<'_>, app: &AppPlan, image: &str) -> Vec<Failing> {
    let versions = app.versions.iter().rev();
    let open = versions.flat_map(|version| app.to_build_of(version));
    let of_image = open.filter(|open| open.target.image == image);
    of_image
        .filter_map(|open| {
            let trouble = facts.history.trouble(&open.target)?;
            let TargetId {
                version, platform, ..
            } = open.target;
            let mut held = open.image.held.iter();
            let held = held.find(|held| held.platform == platform);
            let until = held.map(|held| held.until.clone());
            Some(failing(trouble, Some(version), Some(platform), until))
        })
        .collect()
}

fn failing(
    trouble: &Trouble,
    version: Option<String>,
    platform: Option<Platform>,
    until: Option<Date>,
) -> Failing {
    Failing {
        version,
        platform,
        since: trouble.since.clone(),
        last: trouble.last.clone(),
        times: trouble.times,
        until,
        message: trouble.message.clone(),
    }
}
