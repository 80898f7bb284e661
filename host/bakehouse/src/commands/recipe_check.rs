//! `bakehouse recipe check`

use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::options::Options;
use bakehouse_core::progress::Reporter;
use bakehouse_runtime::{Recipe, Runtime};

use super::Session;
use super::check_report::{CheckedOption, RecipeCheck, Unused};
use super::text::recipe_table;
use crate::cli::{Format, RecipeCheckArgs};
use crate::context::{services, sources};
use crate::failure::ExitCode;
use crate::pipeline::rehearsal::{Stage, rehearse, understudy};
use crate::recipes::refresh;

/// Lists what a recipe asks for, what is granted, and what is missing; exits
/// as a denial where something is. Where nothing is, and not `--offline`, what
/// the recipe offers is tried up to the builder.
pub(super) async fn recipe_check(session: &Session, args: &RecipeCheckArgs) -> Result<ExitCode> {
    let project = session.project()?;
    let file = project.app(&args.app)?;
    let apps = std::slice::from_ref(&args.app);
    let locked = session.overrides.locked;
    let recipes = refresh(&project, apps, locked, &*session.reporter).await;
    let wasm = recipes.source(&project, &args.app, &file.recipe)?;
    let (builder, seen) = understudy();
    let reporter = Arc::clone(&session.reporter) as Arc<dyn Reporter>;
    let services = services(&project, &seen, &reporter)?;
    let policy = project.policy(&args.app, &file);
    let options = Arc::new(file.options);
    let recipe = Runtime::new(&project.compile_cache(), project.file().limits)?
        .load(&wasm, policy, Arc::clone(&options), Arc::clone(&services))
        .await?;
    let mut check = check(&recipe, &options);
    let complete = check.asks.iter().all(|asked| asked.missing.is_none());
    if !complete || args.offline {
        show(session, args, &check)?;
        return Ok(if complete {
            ExitCode::Success
        } else {
            ExitCode::Denied
        });
    }
    let sources = sources(&project, &reporter);
    let stage = Stage {
        recipe: &recipe,
        moving: &file.tags.moving,
        builder: &builder,
        project: &project,
        sources: &sources,
        upstream: &services.upstream,
    };
    let tried = rehearse(&stage).await;
    check.tried = tried.as_ref().ok().cloned();
    show(session, args, &check)?;
    let tried = tried?;
    for problem in tried.problems() {
        session.tell(&problem.clone().of_app(&args.app));
    }
    Ok(tried.exit_code())
}

fn show(session: &Session, args: &RecipeCheckArgs, check: &RecipeCheck) -> Result<()> {
    match args.format {
        Format::Json => session.printer.json(check)?,
        Format::Text => session.printer.data(&recipe_table(check)),
    }
    Ok(())
}

fn check(recipe: &Recipe, set: &Options) -> RecipeCheck {
    let policy = recipe.policy();
    let unused = policy.unused().into_iter().map(|(kind, entry)| Unused {
        kind,
        entry,
        place: policy.granted_in().of(kind),
    });
    let declared = recipe.app().options.iter().flatten();
    let options = declared.map(|declared| CheckedOption {
        value: recipe.option(&declared.name).cloned(),
        set: set.values().contains_key(&declared.name),
        declared: declared.clone(),
    });
    RecipeCheck {
        schema: 1,
        app: recipe.app().name.clone(),
        recipe: recipe.digest().to_owned(),
        asks: policy.asked(),
        unused: unused.collect(),
        options: options.collect(),
        tried: None,
    }
}
