//! Stage 2, check: what the registry has.

use anyhow::Result;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::discover::Discovered;
use super::plan::{Plan, SCHEMA, VersionFacts, plan_app};
use crate::context::Context;
use crate::error::{ExitCode, Failure};
use crate::platform::Platform;
use crate::progress::Event;
use crate::recipe::{App, Version};

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
        let there = there.await?;
        anyhow::Ok(there.map(|there| (image.name.clone(), there.platforms)))
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
    })
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
