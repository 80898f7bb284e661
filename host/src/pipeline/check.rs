//! Stage 2, check: what the registry has.

use std::collections::BTreeMap;

use anyhow::Result;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::discover::Discovered;
use super::plan::{Plan, SCHEMA, VersionFacts, plan_app};
use crate::context::Context;
use crate::error::{ExitCode, Failure};
use crate::platform::Platform;
use crate::progress::Event;
use crate::recipe::{App, Version};

/// Tags looked at in parallel.
const PARALLEL: usize = 8;

/// Checks every version's tags and plans what is missing.
///
/// # Errors
/// [`ExitCode::Registry`], [`ExitCode::Credentials`], and whatever the recipe's
/// `matrix` answers.
pub async fn plan(context: &Context, discovered: &[Discovered]) -> Result<Plan> {
    let mut apps = Vec::new();
    for found in discovered {
        let name = &found.app.name;
        let count = found.versions.len();
        context.reporter.report(Event::Stage {
            name: "check",
            detail: &format!(
                "{name}: {count} versions in {}",
                context.registry.endpoint()
            ),
        });
        refuse_unknown_platforms(&found.app, &context.settings.platforms)?;
        let facts = futures_util::stream::iter(&found.versions)
            .map(|version| facts(context, found, version))
            .buffered(PARALLEL)
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

async fn facts(context: &Context, found: &Discovered, version: &Version) -> Result<VersionFacts> {
    let matrix = found.recipe.matrix(&found.app, version).await?;
    let mut published = BTreeMap::new();
    for image in &found.app.images {
        if let Some(there) = context
            .registry
            .published(&image.name, &version.number)
            .await?
        {
            published.insert(image.name.clone(), there.platforms);
        }
    }
    Ok(VersionFacts {
        version: version.clone(),
        matrix,
        published,
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
