//! Stage 2, check: what the registry has.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use bakehouse_core::error::chain;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::{Event, Looking};
use bakehouse_core::recipe::{App, Version};
use bakehouse_core::target::TargetId;
use bakehouse_core::version_number::VersionNumber;
use bakehouse_registry::{Published, RegistryError};
use futures_util::StreamExt as _;
use oci_spec::image::Descriptor;
use tokio::sync::mpsc::UnboundedReceiver;

use super::destination::Destination;
use super::digest_file::DigestFile;
use super::discover::Discovered;
use super::older::{Known, Older};
use super::plan::{AppPlan, ImagePlan, Plan, PublishedImage, VersionFacts, plan_app};
use super::shrink::shrunk;
use super::side_by_side::{LIMIT, Look, Looks};
use crate::context::Context;
use crate::failure::{ExitCode, Failure, exit_code, explain};
use crate::schema::SchemaNumber;
use crate::text;

/// Apps, and why they or one of their versions could not be checked.
pub type Failed = Vec<(String, anyhow::Error)>;

/// Checks every version's tags and plans what is missing. Apps are checked several
/// at a time, each within a time of its own. A version that cannot be checked keeps
/// no other from being planned; it is named with what went wrong.
///
/// # Errors
/// [`ExitCode::Registry`] when the registry cannot be reached at all.
pub async fn plan(context: &Context, discovered: &[Discovered]) -> Result<(Plan, Failed)> {
    let apps = discovered.iter().map(|found| looking(context, found));
    let looks = rules(context);
    let looked = looks.at(apps.collect(), async |_, found| {
        app(context, found, true).await
    });
    Ok(planned(context, looked.await?))
}

/// An app that was checked: its plan, of the versions that could be, and why the
/// others could not.
type Checked = (String, Result<(Option<AppPlan>, Failed)>);

/// Checks apps as they are discovered, of which so many are expected; their order is
/// that in which they come.
///
/// # Errors
/// [`ExitCode::Registry`] when the registry cannot be reached at all.
pub(super) async fn as_they_come(
    context: &Context,
    mut found: UnboundedReceiver<Discovered>,
    expected: usize,
) -> Result<Vec<Checked>> {
    let found = futures_util::stream::poll_fn(move |waker| found.poll_recv(waker));
    let looks = rules(context);
    let apps = found.map(|found| looking(context, found));
    let looked = looks.as_they_come(apps, expected, async |_, found| {
        app(context, &found, true).await
    });
    looked.await
}

/// The plan of apps that were checked.
pub(super) fn planned(context: &Context, looked: Vec<Checked>) -> (Plan, Failed) {
    let (mut apps, mut failed) = (Vec::new(), Failed::new());
    for (name, checked) in looked {
        match checked {
            Ok((plan, unchecked)) => {
                apps.extend(plan);
                failed.extend(unchecked);
            }
            Err(error) => failed.push((name, error)),
        }
    }
    (whole(context, apps), failed)
}

/// The rules of checking apps. How many requests the registry gets at a time is the
/// client's to see to, however many apps they are for.
fn rules(context: &Context) -> Looks<'_> {
    Looks {
        reporter: &*context.reporter,
        stage: Looking::Check,
        late: too_slow,
        stops: is_everywhere,
    }
}

fn looking<D: Borrow<Discovered>>(context: &Context, found: D) -> Look<D> {
    let endpoint = context.registry.endpoint();
    let app = found.borrow();
    Look {
        app: app.app.name.clone(),
        detail: format!(
            "{} in {endpoint}",
            text::count(app.versions.len(), "version")
        ),
        hosts: BTreeSet::new(),
        with: found,
    }
}

/// The plan as if nothing was published; the registry is not asked.
///
/// # Errors
/// None of its own, see [`plan`].
pub async fn plan_unchecked(
    context: &Context,
    discovered: &[Discovered],
) -> Result<(Plan, Failed)> {
    let (mut apps, mut failed) = (Vec::new(), Failed::new());
    for found in discovered {
        match app(context, found, false).await {
            Ok((plan, unchecked)) => {
                apps.extend(plan);
                failed.extend(unchecked);
            }
            Err(error) if is_everywhere(&error) => return Err(error),
            Err(error) => failed.push((found.app.name.clone(), error)),
        }
    }
    Ok((whole(context, apps), failed))
}

fn whole(context: &Context, apps: Vec<AppPlan>) -> Plan {
    Plan {
        schema: SchemaNumber::NOW,
        registry: context.registry.endpoint().to_string(),
        namespace: context.settings.namespace.clone(),
        destination: Destination::new(&context.settings, context.registry.endpoint()),
        apps,
        batches: Vec::new(),
    }
}

fn too_slow(name: &str) -> Failure {
    Failure::new(
        ExitCode::Registry,
        format!(
            "{name}: asking the registry what it has took longer than {} s",
            LIMIT.as_secs()
        ),
    )
    .hint("the registry is slow to answer; run the same command again later")
}

/// A refusal by the registry: who may not see one version may see none of the
/// image.
fn is_refused(error: &anyhow::Error) -> bool {
    exit_code(error) == ExitCode::Credentials
}

fn is_everywhere(error: &anyhow::Error) -> bool {
    explain(error).everywhere
}

/// One app's plan, of the versions that could be checked; none where that is
/// none of them. And why the others could not.
async fn app(
    context: &Context,
    found: &Discovered,
    check: bool,
) -> Result<(Option<AppPlan>, Failed)> {
    refuse_unknown_platforms(&found.app, context.settings.scope.only())?;
    let (facts, tags) = futures_util::future::try_join(all_facts(context, found, check), async {
        Ok(published_tags(context, found, check).await)
    })
    .await?;
    let (all, failed) = facts;
    if all.is_empty() {
        return Ok((None, failed));
    }
    let moving = &found.file.tags.moving;
    let mut plan = plan_app(&found.app, all, &context.settings.scope, moving)?;
    refuse_nothing(&plan, context.settings.scope.only())?;
    if let Some((image, tags)) = tags {
        plan.older = older(context, found, &plan, (image, tags.as_deref().ok())).await;
        plan.notes.extend(shrunk_image(context, found, image, tags));
    }
    Ok((Some(plan), failed))
}

/// The facts of each version that could be checked, and why others could not be.
///
/// # Errors
/// A failure after which no other version is worth trying.
async fn all_facts(
    context: &Context,
    found: &Discovered,
    check: bool,
) -> Result<(Vec<VersionFacts>, Failed)> {
    let mut checked = futures_util::stream::iter(&found.versions)
        .map(|version| facts(context, found, version, check))
        .buffered(context.registry.parallel());
    let (mut all, mut failed) = (Vec::new(), Failed::new());
    while let Some(facts) = checked.next().await {
        match facts {
            Ok(facts) => all.push(facts),
            Err(error) if is_everywhere(&error) || is_refused(&error) => return Err(error),
            Err(error) => failed.push((found.app.name.clone(), error)),
        }
    }
    Ok((all, failed))
}

/// The tags of an app's first published image, and its name.
async fn published_tags<'a>(
    context: &Context,
    found: &'a Discovered,
    check: bool,
) -> Option<(&'a str, Result<Vec<String>, RegistryError>)> {
    let mut images = found.app.images.iter().filter(|_| check);
    let image = &images.find(|image| !image.unpublished)?.name;
    Some((image, context.registry.tags(image).await))
}

/// The newest published version of each image of which none that is planned is
/// published whole. `listed` is an image whose tags were asked for already; one
/// whose tags the registry does not tell has none.
async fn older(
    context: &Context,
    found: &Discovered,
    plan: &AppPlan,
    listed: (&str, Option<&[String]>),
) -> BTreeMap<String, Older> {
    let known = Known {
        numbers: &found.known,
        released: &found.released,
        early: &found.early,
    };
    let first = plan.versions.first();
    let Some(first) = first.and_then(|first| VersionNumber::parse(&first.version.number)) else {
        return BTreeMap::new();
    };
    let whole = |image: &ImagePlan| !image.present.is_empty() && image.missing.is_empty();
    let left_behind = plan.app.images.iter().filter(|image| {
        let mut planned = plan.versions.iter().flat_map(|version| &version.images);
        !image.unpublished && !planned.any(|planned| planned.image == image.name && whole(planned))
    });
    let looked = left_behind.map(|image| async {
        let name = image.name.as_str();
        let older = match listed {
            (of, tags) if of == name => known.older(tags?, &first),
            _ => known.older(&context.registry.tags(name).await.ok()?, &first),
        };
        Some((name.to_owned(), older?))
    });
    let looked = futures_util::future::join_all(looked).await;
    looked.into_iter().flatten().collect()
}

/// Whether upstream lists less than it did when it was published. That the
/// registry does not list tags is no reason to stop, and is told, too.
fn shrunk_image(
    context: &Context,
    found: &Discovered,
    image: &str,
    tags: Result<Vec<String>, RegistryError>,
) -> Option<String> {
    let told = match tags {
        Ok(tags) => shrunk(&found.known, &tags, &found.file.tags.moving)?,
        Err(error) => {
            let why = chain(&error);
            format!("whether upstream has withdrawn versions is not known: {why}")
        }
    };
    let note = format!("{image}: {told}");
    context.reporter.report(Event::Warning { message: &note });
    Some(note)
}

/// An app of which no version has an image for the platforms would seem
/// published.
fn refuse_nothing(plan: &AppPlan, platforms: &[Platform]) -> Result<(), Failure> {
    if plan
        .versions
        .iter()
        .any(|version| !version.images.is_empty())
    {
        return Ok(());
    }
    Err(Failure::new(
        ExitCode::Nothing,
        format!(
            "{}: its recipe has no image of any of {} for {}",
            plan.app.name,
            text::count(plan.versions.len(), "version"),
            list(platforms.iter().collect())
        ),
    )
    .hint("see `matrix` of the recipe, and `platforms` in bakehouse.toml and app.toml"))
}

async fn facts(
    context: &Context,
    found: &Discovered,
    version: &Version,
    check: bool,
) -> Result<VersionFacts> {
    let images = found.app.images.iter();
    let images = images.filter(|image| check && !image.unpublished);
    let published = images.map(|image| async move {
        let there = context.registry.version(&image.name, &version.number);
        let there = there.await?.version();
        let image = &image.name;
        let there = there.map(|there| published_image(context, found, version, image, there));
        anyhow::Ok(there.map(|there| (image.clone(), there)))
    });
    let (matrix, published) = futures_util::future::try_join(
        async { anyhow::Ok(found.recipe.matrix(&found.app, version).await?) },
        futures_util::future::try_join_all(published),
    )
    .await?;
    Ok(VersionFacts {
        version: version.clone(),
        matrix,
        published: published.into_iter().flatten().collect(),
        recipe: found.recipe.digest().to_owned(),
        rebuild: context.settings.rebuild,
    })
}

/// The image that is published, with the recipes that made its platforms. One that
/// the recipe of now is known to make, too, counts as its own: a rebuild that ends
/// in the same bytes changes nothing that is published.
fn published_image(
    context: &Context,
    found: &Discovered,
    version: &Version,
    image: &str,
    there: Published,
) -> PublishedImage {
    let digests = context.project.digests();
    let current = found.recipe.digest();
    let mut recipes = there.recipes;
    for (platform, recipe) in &mut recipes {
        if recipe.as_deref() == Some(current) {
            continue;
        }
        let target = TargetId {
            app: found.app.name.clone(),
            version: version.number.clone(),
            image: image.to_owned(),
            platform: platform.clone(),
        };
        // One that cannot be read is that target's own failure, when it is built.
        let file = DigestFile::read(&digests, context.registry.endpoint(), &target).ok();
        let published = there.platforms.get(platform).map(Descriptor::digest);
        let same = |file: &DigestFile| {
            file.recipe == current && Some(file.descriptor.digest()) == published
        };
        if file.flatten().is_some_and(|file| same(&file)) {
            *recipe = Some(current.to_owned());
        }
    }
    PublishedImage {
        digest: there.descriptor.digest().to_string(),
        recipes,
    }
}

/// Asking for platforms of which an app has none at all is a mistake.
fn refuse_unknown_platforms(app: &App, wanted: &[Platform]) -> Result<(), Failure> {
    let mut offered: Vec<&Platform> = app.images.iter().flat_map(|i| &i.platforms).collect();
    offered.sort();
    offered.dedup();
    if wanted.iter().any(|platform| offered.contains(&platform)) {
        return Ok(());
    }
    Err(Failure::new(
        ExitCode::NotFound,
        format!(
            "{} is not built for {}",
            app.name,
            list(wanted.iter().collect())
        ),
    )
    .hint(format!("its recipe has {}", list(offered))))
}

fn list(platforms: Vec<&Platform>) -> String {
    let texts: Vec<_> = platforms.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
