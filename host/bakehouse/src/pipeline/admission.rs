//! Admission of a saved plan: no more than `app.toml` and `bakehouse.toml` here
//! allow.
//!
//! A plan comes from another machine, as a file. What it says of images that
//! were built is checked against the images; what it says of apps against the
//! project.

use std::collections::BTreeSet;

use bakehouse_core::error::chain;
use bakehouse_core::grants::{Kind, Missing, Policy};
use bakehouse_core::platform::Platform;
use bakehouse_core::reference_grammar::is_tag;
use bakehouse_registry::reserved::reserved;
use bakehouse_registry::tags::moving_tags;
use thiserror::Error;

use super::plan::{AppPlan, ImagePlan, Plan, VersionPlan};
use crate::config::Project;
use crate::failure::{ExitCode, Failure};

/// The reasons why a plan is not one for this project.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The app is not in `apps/`, or its file cannot be read.
    #[error("names the app `{}`: {why}", .app.escape_debug())]
    App {
        /// Its name.
        app: String,
        /// The error that reading the app ended with.
        why: String,
    },
    /// The app is not granted the image.
    #[error("has {app} publish the image `{}`, which its app.toml does not grant", .image.escape_debug())]
    Image {
        /// The app.
        app: String,
        /// The image.
        image: String,
    },
    /// The platform is not published here.
    #[error("has {image} published for {platform}, which this project does not publish")]
    Platform {
        /// The image.
        image: String,
        /// The platform.
        platform: Platform,
    },
    /// The version number cannot be a tag.
    #[error("has a version `{}` of {app}, which cannot be a tag", .version.escape_debug())]
    Version {
        /// The app.
        app: String,
        /// The number.
        version: String,
    },
    /// A job is of another app or version than those it is listed under.
    #[error("lists a job of another version under {app} {version}")]
    Job {
        /// The app.
        app: String,
        /// The version.
        version: String,
    },
}

/// Holds a saved plan to the project: its apps are there, their images granted,
/// their platforms published. Which tags move is the project's to say, whatever
/// the plan has.
///
/// # Errors
/// A [`Refusal`]; nothing may be done by such a plan.
pub fn admit(project: &Project, published: &[Platform], plan: &mut Plan) -> Result<(), Refusal> {
    for app in &mut plan.apps {
        let name = app.app.name.clone();
        let file = project.app(&name).map_err(|error| Refusal::App {
            app: name.clone(),
            why: chain(error.as_ref()),
        })?;
        let policy = project.policy(&name, &file);
        app.moving = file.tags.moving;
        for image in app.versions.iter_mut().flat_map(|v| &mut v.images) {
            let table = file.images.get(&image.image);
            image.unpublished = table.is_some_and(|table| !table.publish);
        }
        admit_app(&policy, published, app)?;
    }
    Ok(())
}

fn admit_app(policy: &Policy, published: &[Platform], app: &mut AppPlan) -> Result<(), Refusal> {
    let name = &app.app.name;
    let numbers = app.versions.iter().map(|v| v.version.number.clone());
    let numbers: BTreeSet<String> = numbers.collect();
    for version in &mut app.versions {
        let number = version.version.number.clone();
        let theirs = reserved(&number, &numbers, &app.moving).is_some();
        if !is_tag(&number) || number.contains("..") || theirs {
            let app = name.clone();
            return Err(Refusal::Version {
                app,
                version: number,
            });
        }
        let mut jobs = version.jobs.iter();
        if jobs.any(|job| job.app != *name || job.version != number) {
            let app = name.clone();
            return Err(Refusal::Job {
                app,
                version: number,
            });
        }
        for image in &version.images {
            admit_image(policy, published, name, image)?;
        }
        retag(&app.moving, version);
    }
    Ok(())
}

fn admit_image(
    policy: &Policy,
    published: &[Platform],
    app: &str,
    image: &ImagePlan,
) -> Result<(), Refusal> {
    if !may(policy, Kind::Images, &image.image) {
        return Err(Refusal::Image {
            app: app.to_owned(),
            image: image.image.clone(),
        });
    }
    for platform in image.wanted.iter().chain(image.to_build()) {
        let granted = may(policy, Kind::Platforms, &platform.to_string());
        if !granted || !published.contains(platform) {
            return Err(Refusal::Platform {
                image: image.image.clone(),
                platform: platform.clone(),
            });
        }
    }
    Ok(())
}

/// Whether `app.toml` and `bakehouse.toml` allow it; the recipe is not asked.
fn may(policy: &Policy, kind: Kind, asked: &str) -> bool {
    matches!(
        policy.missing(kind, asked),
        None | Some(Missing::Declaration)
    )
}

fn retag(moving: &[String], version: &mut VersionPlan) {
    let number = &version.version.number;
    let mut moving = moving_tags(number, moving);
    if version.version.prerelease {
        moving.clear();
    }
    for image in &mut version.images {
        // A plan of a part has none, nor one that is another version's name.
        image.tags.retain(|tag| moving.contains(tag));
        if image.unpublished {
            image.tags.clear();
        } else {
            image.tags.insert(0, number.clone());
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(ExitCode::Config, format!("the plan {refusal}"))
            .hint("merge a plan that `bakehouse plan --save` made of this project as it is now")
    }
}
