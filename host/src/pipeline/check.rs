//! Stage 2, check: what the registry has.

use anyhow::Result;
use futures_util::{StreamExt as _, TryStreamExt as _};
use oci_spec::image::Descriptor;

use super::digest_file::DigestFile;
use super::discover::Discovered;
use super::plan::{Plan, PublishedImage, SCHEMA, VersionFacts, plan_app};
use crate::context::Context;
use crate::error::{ExitCode, Failure};
use crate::platform::Platform;
use crate::progress::Event;
use crate::recipe::{App, Version};
use crate::registry::Published;
use crate::target::TargetId;

/// Checks every version's tags and plans what is missing.
///
/// # Errors
/// [`ExitCode::Registry`], [`ExitCode::Credentials`], and whatever the recipe's
/// `matrix` answers.
pub async fn plan(context: &Context, discovered: &[Discovered]) -> Result<Plan> {
    for found in discovered {
        context.reporter.report(Event::Stage {
            name: "check",
            detail: &format!(
                "{}: {} versions in {}",
                found.app.name,
                found.versions.len(),
                context.registry.endpoint()
            ),
        });
    }
    planned(context, discovered, true).await
}

/// The plan as if nothing was published; the registry is not asked.
///
/// # Errors
/// Whatever the recipe's `matrix` answers.
pub async fn plan_unchecked(context: &Context, discovered: &[Discovered]) -> Result<Plan> {
    planned(context, discovered, false).await
}

async fn planned(context: &Context, discovered: &[Discovered], check: bool) -> Result<Plan> {
    let mut apps = Vec::new();
    for found in discovered {
        refuse_unknown_platforms(&found.app, &context.settings.platforms)?;
        let facts = futures_util::stream::iter(&found.versions)
            .map(|version| facts(context, found, version, check))
            .buffered(context.registry.parallel())
            .try_collect()
            .await?;
        apps.push(plan_app(
            &found.app,
            facts,
            &context.settings.platforms,
            &found.file.tags.moving,
        )?);
    }
    Ok(Plan {
        schema: SCHEMA,
        registry: context.registry.endpoint().to_string(),
        namespace: context.settings.namespace.clone(),
        apps,
    })
}

async fn facts(
    context: &Context,
    found: &Discovered,
    version: &Version,
    check: bool,
) -> Result<VersionFacts> {
    let images = found.app.images.iter().filter(|_| check);
    let published = images.map(|image| async move {
        let there = context.registry.published(&image.name, &version.number);
        // That there is a revision of another version is told when this one is tagged.
        let there = there
            .await?
            .filter(|there| there.revision_of(&version.number).is_none());
        let image = &image.name;
        let there = there.map(|there| published_image(context, found, version, image, there));
        anyhow::Ok(there.map(|there| (image.clone(), there)))
    });
    let (matrix, published) = futures_util::future::try_join(
        found.recipe.matrix(&found.app, version),
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

/// Which recipes made the images of an index. One that the recipe of now is
/// known to make, too, counts as its own: a rebuild that ends in the same bytes
/// changes nothing that is published.
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
    let list = |platforms: Vec<&Platform>| {
        let texts: Vec<_> = platforms.iter().map(ToString::to_string).collect();
        texts.join(", ")
    };
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
