//! `bakehouse recipe check`

use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::options::Options;
use bakehouse_core::progress::Reporter;
use bakehouse_runtime::Recipe;

use super::Session;
use super::check_report::{CheckedOption, RecipeCheck, Unused};
use super::check_text::check_page;
use crate::cli::{Format, RecipeCheckArgs};
use crate::failure::ExitCode;
use crate::pipeline::rehearsal::{Rehearsal, rehearse};
use crate::pipeline::unbuilt::Unbuilt;
use crate::schema::SchemaNumber;
use crate::text::Page;

/// Lists what a recipe asks for, what is granted, and what is missing; exits
/// as a denial where something is. Where nothing is, and not `--offline`, what
/// the recipe offers is tried up to the builder.
pub(super) async fn recipe_check(session: &Session, args: &RecipeCheckArgs) -> Result<ExitCode> {
    let app = open(session, &args.app).await?;
    let mut check = check(&app.recipe, &app.file.options);
    let granted = granted(&check);
    if granted != ExitCode::Success || args.offline {
        show(session, args, &check, granted)?;
        return Ok(granted);
    }
    let tried = rehearse(&app).await;
    check.tried = tried.as_ref().ok().cloned();
    let code = tried
        .as_ref()
        .map_or(ExitCode::Internal, Rehearsal::exit_code);
    show(session, args, &check, code)?;
    let tried = tried?;
    for problem in tried.problems() {
        session.tell(&problem.clone().of_app(&args.app));
    }
    Ok(tried.exit_code())
}

/// Lists what the recipe of an app that was just written asks for, and the
/// options that the app sets, of all that there are.
pub(super) async fn new_app(session: &Session, app: &str) -> Result<ExitCode> {
    let app = open(session, app).await?;
    let mut check = check(&app.recipe, &app.file.options);
    check.options.retain(|option| option.set);
    let page = check_page(session.printer.new_page(), &check);
    let granted = granted(&check);
    tell(session, &page, granted);
    Ok(granted)
}

async fn open(session: &Session, app: &str) -> Result<Unbuilt> {
    let reporter = Arc::clone(&session.reporter) as Arc<dyn Reporter>;
    let locked = session.overrides.locked;
    Unbuilt::open(session.project()?, app, locked, &reporter).await
}

fn granted(check: &RecipeCheck) -> ExitCode {
    match check.asks.iter().all(|asked| asked.missing.is_none()) {
        true => ExitCode::Success,
        false => ExitCode::Denied,
    }
}

fn show(
    session: &Session,
    args: &RecipeCheckArgs,
    check: &RecipeCheck,
    code: ExitCode,
) -> Result<()> {
    match args.format {
        Format::Json => session.printer.json(check)?,
        Format::Text => tell(
            session,
            &check_page(session.printer.new_page(), check),
            code,
        ),
    }
    Ok(())
}

/// Prints the outcome; one that is well is silent with `--quiet`.
fn tell(session: &Session, page: &Page, code: ExitCode) {
    match code {
        ExitCode::Success => session.printer.outcome(page),
        _ => session.printer.page(page),
    }
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
        schema: SchemaNumber::NOW,
        app: recipe.app().name.clone(),
        recipe: recipe.digest().to_owned(),
        asks: policy.asked(),
        unused: unused.collect(),
        options: options.collect(),
        tried: None,
    }
}
