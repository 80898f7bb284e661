//! `bakehouse recipe check`

use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;

use super::Session;
use super::text::recipe_table;
use crate::buildx::{Builder, Buildx, BuildxOptions};
use crate::cli::{Format, RecipeCheckArgs};
use crate::context::services;
use crate::error::ExitCode;
use crate::grants::{Asked, Kind};
use crate::plugin::{Recipe, Runtime};

/// What a recipe asks for, in the JSON output; `schema` 1.
#[derive(Debug, Serialize)]
pub(super) struct RecipeCheck {
    schema: u32,
    pub(super) app: String,
    pub(super) recipe: String,
    pub(super) asks: Vec<Asked>,
    pub(super) unused: Vec<Unused>,
}

/// An entry of app.toml that the recipe asks nothing of.
#[derive(Debug, Serialize)]
pub(super) struct Unused {
    pub(super) kind: Kind,
    pub(super) entry: String,
    pub(super) place: String,
}

/// Lists what a recipe asks for, what is granted, and what is missing; exits
/// as a denial where something is. Reaches nothing: the recipe only describes.
pub(super) async fn recipe_check(session: &Session, args: &RecipeCheckArgs) -> Result<ExitCode> {
    let project = session.project()?;
    let file = project.app(&args.app)?;
    let wasm = project.recipe(&args.app, &file);
    let builder: Arc<dyn Builder> = Arc::new(Buildx::new(
        BuildxOptions::default(),
        Arc::clone(&session.reporter),
    ));
    let services = services(&project, &builder, &session.reporter)?;
    let policy = project.policy(&args.app, &file);
    let recipe = Runtime::new(&project.compile_cache(), project.file().limits)?
        .load(&wasm, policy, Arc::new(file.options), services)
        .await?;
    let check = check(&recipe);
    match args.format {
        Format::Json => session.printer.json(&check)?,
        Format::Text => session.printer.data(&recipe_table(&check)),
    }
    let complete = check.asks.iter().all(|asked| asked.missing.is_none());
    Ok(if complete {
        ExitCode::Success
    } else {
        ExitCode::Denied
    })
}

fn check(recipe: &Recipe) -> RecipeCheck {
    let policy = recipe.policy();
    let unused = policy.unused().into_iter().map(|(kind, entry)| Unused {
        kind,
        entry,
        place: policy.granted_in().of(kind),
    });
    RecipeCheck {
        schema: 1,
        app: recipe.app().name.clone(),
        recipe: recipe.digest().to_owned(),
        asks: policy.asked(),
        unused: unused.collect(),
    }
}
