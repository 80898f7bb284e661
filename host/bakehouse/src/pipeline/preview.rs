//! Preview of a version's builds: what its recipe makes of them, for review.
//!
//! Targets are prepared as a run does, up to the builder, which is never asked.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use bakehouse_builder::{UsedImage, used_images};
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::{Event, Reporter};
use bakehouse_core::recipe::{App, Base, Build, Dockerfile, Target, Version};
use bakehouse_core::target::TargetId;

use super::discover::{FAR, Refused, know_images, know_platforms, nothing, only, settle};
use super::facts::annotations;
use super::failure_record::FailureRecord;
use super::identity;
use super::plan::{Job, VersionFacts, plan_app};
use super::previewed::{
    Preview, PreviewedBase, PreviewedBuild, PreviewedOriginal, PreviewedSource, PreviewedTarget,
};
use super::unbuilt::{Made, Unbuilt, dockerfile, unbuilt};
use super::upstream_dockerfile::original;
use super::work::WorkFolder;
use crate::config::Scope;
use crate::diff::unified;
use crate::failure::{ExitCode, Failure};
use crate::names;
use crate::schema::SchemaNumber;

/// Versions among which the newest is.
const NEWEST: u32 = 10;
/// In a diff upstream's Dockerfile has a name below this, and the recipe's below
/// the other.
const OLD: &str = "upstream";
const NEW: &str = "recipe";

/// The builds that are shown.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The version; the newest, where none is named.
    pub version: Option<&'a str>,
    /// Platforms; this machine's, or else the first, where none is named.
    pub platforms: &'a [Platform],
    /// Images; all, where none is named.
    pub images: &'a [String],
}

/// Prepares the targets that are wanted of one version.
///
/// # Errors
/// [`ExitCode::NotFound`] for a version, platform or image that there is not; what the recipe's calls
/// answer before there are targets; when work trees cannot be made. All else is in
/// the result.
pub async fn preview(
    unbuilt: &Unbuilt,
    wanted: Wanted<'_>,
    reporter: &dyn Reporter,
) -> Result<Preview> {
    let recipe = &unbuilt.recipe;
    let app = recipe.granted_app()?;
    know_images(&app, wanted.images)?;
    know_platforms(&[&app], wanted.platforms)?;
    let version = version(unbuilt, &app, wanted.version).await?;
    let matrix = recipe.matrix(&app, &version).await?;
    let platforms = platforms(&app, &version, &matrix, wanted.platforms)?;
    let facts = VersionFacts {
        version: version.clone(),
        matrix,
        published: BTreeMap::new(),
        rebuild: false,
        recipe: recipe.digest().to_owned(),
    };
    let plan = plan_app(&app, vec![facts], &Scope::all(&platforms), &[])?;
    let work = WorkFolder::create(&unbuilt.project.work())?;
    let (_room, pristine) = work.target()?;
    let revision = unbuilt.checkout(&version, &pristine).await?;
    let source = version.source.as_ref().zip(revision);
    let stage = Stage {
        unbuilt,
        app: &app,
        version: &version,
        pristine: source.is_some().then_some(&pristine),
    };
    let mut targets = Vec::new();
    for job in plan.versions.iter().flat_map(|version| &version.jobs) {
        for target in job.targets() {
            if !wanted.images.is_empty() && !wanted.images.contains(&target.image) {
                continue;
            }
            reporter.report(Event::Stage {
                name: "prepare",
                detail: &target.to_string(),
            });
            targets.push(stage.target(job, target, &work).await?);
        }
    }
    if targets.is_empty() {
        let platforms: Vec<_> = platforms.iter().map(ToString::to_string).collect();
        return Err(Failure::new(
            ExitCode::NotFound,
            format!(
                "{} {} has no {} for {}",
                app.name,
                version.number,
                wanted.images.join(", "),
                platforms.join(", ")
            ),
        )
        .hint("leave --image out to see what it has")
        .into());
    }
    Ok(Preview {
        schema: SchemaNumber::NOW,
        app: app.name.clone(),
        version: version.number.clone(),
        recipe: recipe.digest().to_owned(),
        source: source.map(|(source, revision)| PreviewedSource {
            repository: source.repository.clone(),
            git_ref: source.git_ref.clone(),
            commit: revision.commit,
        }),
        targets,
    })
}

/// The version of this number, or the newest.
async fn version(unbuilt: &Unbuilt, app: &App, number: Option<&str>) -> Result<Version> {
    let limit = number.map_or(NEWEST, |_| FAR);
    let mut found = unbuilt.recipe.versions(limit).await?;
    if found.versions.is_empty() && found.refused.is_empty() {
        return Err(nothing(&app.name, &found).into());
    }
    let mut refused = settle(&app.name, &mut found, &unbuilt.file.tags.moving);
    if let Some(number) = number {
        only(&app.name, &mut found, &mut refused, &[number]);
    }
    match (found.versions.into_iter().next(), refused.pop()) {
        (Some(version), _) => Ok(version),
        (None, Some(Refused { why, .. })) => Err(why.into()),
        (None, None) => {
            let message = format!("{} has no version to show", app.name);
            Err(Failure::new(ExitCode::Nothing, message).into())
        }
    }
}

/// The platforms that are shown of those that a version has.
fn platforms(
    app: &App,
    version: &Version,
    matrix: &[Target],
    wanted: &[Platform],
) -> Result<Vec<Platform>> {
    let mut offered: Vec<Platform> = Vec::new();
    for target in matrix {
        if !offered.contains(&target.platform) {
            offered.push(target.platform.clone());
        }
    }
    if let Some(unknown) = wanted.iter().find(|platform| !offered.contains(platform)) {
        let known: Vec<String> = offered.iter().map(ToString::to_string).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let message = format!("{} {} is not built for {unknown}", app.name, version.number);
        let hint = names::hint(unknown, &known, "it is built for");
        return Err(Failure::new(ExitCode::NotFound, message).hint(hint).into());
    }
    if !wanted.is_empty() {
        return Ok(wanted.to_vec());
    }
    let native = Platform::native();
    let first = offered.iter().find(|platform| **platform == native);
    match first.or(offered.first()) {
        Some(platform) => Ok(vec![platform.clone()]),
        None => {
            let message = format!("{} {}: the matrix has no target", app.name, version.number);
            let failure = Failure::new(ExitCode::Recipe, message);
            Err(failure.hint("this is a fault in the recipe").into())
        }
    }
}

/// The setting in which targets are prepared.
struct Stage<'a> {
    unbuilt: &'a Unbuilt,
    app: &'a App,
    version: &'a Version,
    /// Upstream's source as it is.
    pristine: Option<&'a Path>,
}

impl Stage<'_> {
    async fn target(
        &self,
        job: &Job,
        target: TargetId,
        work: &WorkFolder,
    ) -> Result<PreviewedTarget> {
        let (_room, tree) = work.target()?;
        let needs = unbuilt(self.app, job, &target);
        let made = self
            .unbuilt
            .make(self.version, &target, &needs, &tree)
            .await;
        let mut shown = PreviewedTarget {
            build: None,
            compiles: false,
            warnings: Vec::new(),
            problem: None,
            target,
        };
        let target = &shown.target;
        let (build, problem) = match (made, self.unbuilt.builder.asked(target)) {
            (Ok(made), _) => {
                let Made {
                    version,
                    revision,
                    prepared,
                } = made;
                let mut build = prepared.build;
                let facts = annotations(self.app, &version, &target.image, revision.as_ref());
                identity::label(&mut build, facts);
                shown.warnings = prepared.warnings;
                (build, None)
            }
            (Err(_), Some(compile)) => {
                shown.compiles = true;
                (compile, Some(compiles(target).into()))
            }
            (Err(error), None) => {
                shown.problem = Some(FailureRecord::new(&error));
                return Ok(shown);
            }
        };
        let (build, unreadable) = match self.build(build, &needs, &tree) {
            Ok((build, unreadable)) => (Some(build), unreadable),
            Err(error) => (None, Some(error.context(target.to_string()))),
        };
        shown.build = build;
        let problem = unreadable.or(problem);
        shown.problem = problem.as_ref().map(FailureRecord::new);
        Ok(shown)
    }

    /// A build as it is shown, and why no builder could read it.
    fn build(
        &self,
        build: Build,
        needs: &[Base],
        tree: &Path,
    ) -> Result<(PreviewedBuild, Option<anyhow::Error>)> {
        let text = dockerfile(&build, tree)?.into_owned();
        let (bases, unreadable) = match used_images(&text, &build) {
            Ok(images) => (self.bases(images, needs), None),
            Err(error) => (Vec::new(), Some(error.into())),
        };
        let upstream = match self.pristine {
            Some(source) => original(source, &build.dockerfile, &text)?,
            None => None,
        };
        let upstream = upstream.map(|original| {
            let name = match &build.dockerfile {
                Dockerfile::Path(path) => path,
                Dockerfile::Inline(_) => &original.path,
            };
            let old = format!("{OLD}/{}", original.path);
            let lines = unified((&old, &original.text), (&format!("{NEW}/{name}"), &text));
            PreviewedOriginal {
                diff: lines
                    .iter()
                    .map(|line| format!("{}\n", line.text))
                    .collect(),
                path: original.path,
                dockerfile: original.text,
                lines,
            }
        });
        let shown = PreviewedBuild {
            dockerfile: text,
            upstream,
            context: build.context,
            platform: build.platform,
            stage: build.stage,
            network: build.network,
            args: build.args,
            contexts: build.contexts,
            needs: needs.to_vec(),
            bases,
            labels: build.labels,
            secrets: build.secrets,
        };
        Ok((shown, unreadable))
    }

    fn bases(&self, images: Vec<UsedImage>, needs: &[Base]) -> Vec<PreviewedBase> {
        let access = self.unbuilt.recipe.access(needs);
        let granted = access.images();
        let others = images
            .into_iter()
            .filter(|image| needs.iter().all(|need| need.reference != image.reference));
        let shown = others.map(|image| PreviewedBase {
            pinned: granted
                .iter()
                .find_map(|entry| entry.pin(&image.reference))
                .map(str::to_owned),
            reference: image.reference,
            line: image.line,
            platform: image.platform,
        });
        shown.collect()
    }
}

fn compiles(target: &TargetId) -> Failure {
    let TargetId {
        app,
        version,
        platform,
        ..
    } = target;
    let message = format!(
        "{target}: it is compiled first, which takes a builder; the image's own build is known after that"
    );
    Failure::new(ExitCode::Builder, message).hint(format!(
        "what it compiles with is shown; to build it: bakehouse build {app} --version {version} --platform {platform}"
    ))
}
