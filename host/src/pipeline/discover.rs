//! Stage 1, discover: what recipes say.

use std::sync::Arc;

use anyhow::Result;

use crate::config::AppFile;
use crate::context::Context;
use crate::error::{ExitCode, Failure};
use crate::plugin::Recipe;
use crate::progress::Event;
use crate::recipe::{App, Version};

/// How far back a version named on the command line is looked for.
const FAR: u32 = 1000;
/// Versions named in a hint.
const HINT: usize = 5;

/// An app, its recipe, and the versions to look at, newest first.
#[derive(Clone)]
pub struct Discovered {
    /// Its `app.toml`.
    pub file: AppFile,
    /// Its recipe.
    pub recipe: Recipe,
    /// What the recipe says of it.
    pub app: App,
    /// Versions, newest first.
    pub versions: Vec<Version>,
}

/// Loads the recipes of these apps (all of them when none is named) and asks
/// for their newest versions, or for the one version named.
///
/// # Errors
/// [`ExitCode::NotFound`] for unknown apps and versions, and whatever the
/// recipe's calls answer.
pub async fn discover(
    context: &Context,
    apps: &[String],
    version: Option<&str>,
) -> Result<Vec<Discovered>> {
    let mut found = Vec::new();
    for name in &names(context, apps)? {
        found.push(one(context, name, version).await?);
    }
    Ok(found)
}

/// As [`discover`], for the newest versions; an app that cannot be discovered
/// keeps no other from it, and is named with what went wrong.
///
/// # Errors
/// When `apps/` cannot be read, or the only app cannot be discovered.
pub async fn discover_each(
    context: &Context,
    apps: &[String],
) -> Result<(Vec<Discovered>, Vec<(String, anyhow::Error)>)> {
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    for name in names(context, apps)? {
        match one(context, &name, None).await {
            Ok(app) => found.push(app),
            Err(error) => failed.push((name, error)),
        }
    }
    if found.is_empty()
        && failed.len() == 1
        && let Some((_, error)) = failed.pop()
    {
        return Err(error);
    }
    Ok((found, failed))
}

fn names(context: &Context, apps: &[String]) -> Result<Vec<String>> {
    let mut names = apps.to_vec();
    names.retain(|name| !name.is_empty());
    if names.is_empty() {
        names = context.project.apps()?;
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// An app with one version that is known already; upstream is not asked.
///
/// # Errors
/// As [`discover`].
pub async fn known(context: &Context, name: &str, version: Version) -> Result<Discovered> {
    let (file, recipe, app) = load(context, name).await?;
    Ok(Discovered {
        file,
        recipe,
        app,
        versions: vec![version],
    })
}

async fn load(context: &Context, name: &str) -> Result<(AppFile, Recipe, App)> {
    let file = context.project.app(name)?;
    let wasm = context.project.recipe(name, &file);
    let recipe = context
        .runtime
        .open()?
        .load(
            &wasm,
            context.project.policy(name, &file),
            Arc::new(file.options.clone()),
            Arc::clone(&context.services),
        )
        .await?;
    let app = recipe.granted_app()?;
    Ok((file, recipe, app))
}

async fn one(context: &Context, name: &str, version: Option<&str>) -> Result<Discovered> {
    context.reporter.report(Event::Stage {
        name: "discover",
        detail: name,
    });
    let (file, recipe, app) = load(context, name).await?;
    let versions = match version {
        None => recipe.versions(context.settings.max_versions.get()).await?,
        Some(wanted) => {
            let mut versions = recipe.versions(FAR).await?;
            let newest: Vec<String> = versions
                .iter()
                .take(HINT)
                .map(|version| version.number.clone())
                .collect();
            versions.retain(|version| version.number == wanted);
            if versions.is_empty() {
                return Err(Failure::new(
                    ExitCode::NotFound,
                    format!("{name} has no version {wanted}"),
                )
                .hint(format!("the newest are {}", newest.join(", ")))
                .into());
            }
            versions
        }
    };
    Ok(Discovered {
        file,
        recipe,
        app,
        versions,
    })
}
