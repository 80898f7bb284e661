//! Rehearsal of a recipe: what it offers is tried up to the builder, which is
//! never asked.
//!
//! Versions are listed, each one's matrix is held against what the recipe
//! describes, and the newest version's targets are prepared in work trees that
//! are thrown away. That runs everything but builds, compile steps included.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use bakehouse_builder::{UsedImage, used_images};
use bakehouse_core::grants::Kind;
use bakehouse_core::recipe::{App, Base, Build, Target, Version};
use bakehouse_core::target::TargetId;
use bakehouse_system::terminal::clean;
use serde::Serialize;

use super::discover::settle;
use super::failure_record::FailureRecord;
use super::plan::{Job, VersionFacts, plan_app};
use super::unbuilt::{Made, Unbuilt, dockerfile, unbuilt};
use super::work::WorkFolder;
use crate::config::Scope;
use crate::failure::{ExitCode, Failure};

/// Versions whose matrix is looked at.
const LISTED: u32 = 10;

/// The result of a rehearsal.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rehearsal {
    /// Versions that were listed, newest first.
    pub versions: Vec<String>,
    /// Targets of the newest version.
    pub targets: Vec<Rehearsed>,
    /// The offers of the recipe that it cannot mean.
    pub faults: Vec<FailureRecord>,
}

/// One target.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rehearsed {
    /// `app version [image] platform`.
    pub target: String,
    /// The stage that it came to.
    pub verdict: Verdict,
    /// The reason why it cannot be built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<FailureRecord>,
    /// The warnings of its recipe.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The stage that a target came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Up to its build.
    Ready,
    /// Up to its first compile step; what is after that was not tried.
    Compiles,
    /// It cannot be built.
    Fails,
}

/// The record of an offer of a recipe that it cannot mean.
fn fault(message: String) -> FailureRecord {
    let failure = Failure::new(ExitCode::Recipe, message).hint("this is a fault in the recipe");
    FailureRecord::new(&failure.into())
}

impl Rehearsal {
    /// The failures that keep it from being built.
    pub fn problems(&self) -> impl Iterator<Item = &FailureRecord> {
        let targets = self.targets.iter().filter_map(|t| t.problem.as_ref());
        self.faults.iter().chain(targets)
    }

    /// The problems' common exit code; success where there is none.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::common(self.problems().map(|problem| problem.code))
    }
}

/// Rehearses a recipe.
///
/// # Errors
/// What its `versions` answers, and [`ExitCode::Nothing`] where it lists none;
/// when work trees cannot be made. All else is in the result.
pub async fn rehearse(stage: &Unbuilt) -> Result<Rehearsal> {
    let app = stage.recipe.granted_app()?;
    let mut found = stage.recipe.versions(LISTED).await?;
    if found.versions.is_empty() && found.refused.is_empty() {
        return Err(Failure::new(
            ExitCode::Nothing,
            format!("{} has no versions: {}", app.name, found.why_nothing()),
        )
        .hint("look at its release source, and at the tags that its recipe selects")
        .into());
    }
    let refused = settle(&app.name, &mut found, &stage.file.tags.moving);
    let versions = found.versions;
    let mut rehearsal = Rehearsal {
        versions: versions.iter().map(|v| v.number.clone()).collect(),
        targets: Vec::new(),
        faults: Vec::new(),
    };
    let refused = refused.into_iter();
    rehearsal
        .faults
        .extend(refused.map(|refused| FailureRecord::new(&refused.why.into())));
    let mut offered: BTreeSet<Target> = BTreeSet::new();
    let mut first = None;
    for version in &versions {
        match stage.recipe.matrix(&app, version).await {
            Ok(matrix) => {
                rehearsal.faults.extend(needs(&app, version, &matrix));
                offered.extend(matrix.iter().cloned());
                if rehearsal.versions.first() == Some(&version.number) {
                    first = Some((version, matrix));
                }
            }
            Err(error) => rehearsal.faults.push(FailureRecord::new(&error.into())),
        }
    }
    rehearsal.faults.extend(never(&app, &offered));
    if let Some((newest, matrix)) = first {
        rehearsal.targets = newest_targets(stage, &app, newest, matrix).await?;
    }
    Ok(rehearsal)
}

/// Targets of a matrix without the images that theirs needs.
fn needs(app: &App, version: &Version, matrix: &[Target]) -> Vec<FailureRecord> {
    let mut problems = Vec::new();
    if matrix.is_empty() {
        let number = &version.number;
        let message = format!("{} {number}: the matrix has no target", app.name);
        problems.push(fault(message));
    }
    for target in matrix {
        let image = app.images.iter().find(|image| image.name == target.image);
        for need in image.into_iter().flat_map(|image| &image.needs) {
            let needed = Target {
                image: need.clone(),
                platform: target.platform.clone(),
            };
            if !matrix.contains(&needed) {
                problems.push(fault(format!(
                    "{}: it needs {need}, which the matrix does not have for {}",
                    id(app, version, target),
                    target.platform
                )));
            }
        }
    }
    problems
}

/// The targets that the app describes and no version has.
fn never(app: &App, offered: &BTreeSet<Target>) -> Vec<FailureRecord> {
    if offered.is_empty() {
        return Vec::new();
    }
    let described = app.images.iter().flat_map(|image| {
        image.platforms.iter().map(|platform| Target {
            image: image.name.clone(),
            platform: platform.clone(),
        })
    });
    described
        .filter(|target| !offered.contains(target))
        .map(|target| {
            fault(format!(
                "{}: {} is described for {}, and no version's matrix has it",
                app.name, target.image, target.platform
            ))
        })
        .collect()
}

async fn newest_targets(
    stage: &Unbuilt,
    app: &App,
    version: &Version,
    matrix: Vec<Target>,
) -> Result<Vec<Rehearsed>> {
    let platforms: BTreeSet<_> = matrix.iter().map(|t| t.platform.clone()).collect();
    let facts = VersionFacts {
        version: version.clone(),
        matrix,
        published: BTreeMap::new(),
        rebuild: false,
        recipe: stage.recipe.digest().to_owned(),
    };
    let platforms: Vec<_> = platforms.into_iter().collect();
    let plan = plan_app(app, vec![facts], &Scope::all(&platforms), &[])?;
    let work = WorkFolder::create(&stage.project.work())?;
    let mut rehearsed = Vec::new();
    for job in plan.versions.iter().flat_map(|version| &version.jobs) {
        for target in job.targets() {
            rehearsed.push(one(stage, app, version, job, target, &work).await?);
        }
    }
    Ok(rehearsed)
}

async fn one(
    stage: &Unbuilt,
    app: &App,
    version: &Version,
    job: &Job,
    target: TargetId,
    work: &WorkFolder,
) -> Result<Rehearsed> {
    let (_room, tree) = work.target()?;
    let bases = unbuilt(app, job, &target);
    let ended = prepared(stage, version, &target, &bases, &tree).await;
    let mut rehearsed = Rehearsed {
        target: target.to_string(),
        verdict: Verdict::Ready,
        problem: None,
        warnings: Vec::new(),
    };
    match ended {
        Ok(warnings) => rehearsed.warnings = warnings,
        Err(_) if stage.builder.asked(&target).is_some() => rehearsed.verdict = Verdict::Compiles,
        Err(error) => {
            rehearsed.verdict = Verdict::Fails;
            rehearsed.problem = Some(FailureRecord::new(&error));
        }
    }
    Ok(rehearsed)
}

/// Checks a target's source out, prepares it and looks at its bases; the
/// recipe's warnings.
async fn prepared(
    stage: &Unbuilt,
    version: &Version,
    target: &TargetId,
    bases: &[Base],
    tree: &Path,
) -> Result<Vec<String>> {
    let Made { prepared, .. } = stage.make(version, target, bases, tree).await?;
    let images = images(&prepared.build, tree).with_context(|| target.to_string())?;
    for image in images {
        if bases.iter().any(|base| base.reference == image.reference) {
            continue;
        }
        let looked = look(stage, &image).await;
        looked.with_context(|| target.to_string())?;
    }
    let unchecked = prepared.checks.iter().map(|check| {
        let name = clean(&check.name);
        format!("it asks for the check `{name}`, which this program does not run")
    });
    Ok(prepared.warnings.into_iter().chain(unchecked).collect())
}

/// The images that a build starts from and copies from.
fn images(build: &Build, tree: &Path) -> Result<Vec<UsedImage>> {
    let text = dockerfile(build, tree)?;
    Ok(used_images(&text, build)?)
}

/// Asks for an image's platforms.
async fn look(stage: &Unbuilt, image: &UsedImage) -> Result<()> {
    let UsedImage {
        line,
        reference,
        platform,
    } = image;
    stage.recipe.policy().check(Kind::Bases, reference)?;
    let has = stage.services.upstream.platforms(reference).await?;
    if has.iter().any(|made| made.runs_on(platform)) {
        return Ok(());
    }
    let has: Vec<_> = has.iter().map(ToString::to_string).collect();
    let why = format!(
        "line {line} of the Dockerfile: {reference} is for {}, and {platform} is wanted",
        has.join(", ")
    );
    Err(Failure::new(ExitCode::Build, why).into())
}

fn id(app: &App, version: &Version, target: &Target) -> TargetId {
    TargetId {
        app: app.name.clone(),
        version: version.number.clone(),
        image: target.image.clone(),
        platform: target.platform.clone(),
    }
}
