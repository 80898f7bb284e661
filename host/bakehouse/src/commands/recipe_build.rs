//! `bakehouse recipe build`

use anyhow::Result;

use bakehouse_core::progress::{Event, Reporter as _};

use super::Session;
use crate::cli::RecipeBuildArgs;
use crate::config::{Project, RecipeReference};
use crate::failure::ExitCode;
use crate::recipes::{BuildOptions, Built, CrateError, RecipeCrate, build, in_ci};

/// Compiles crates into components, and tells where those are.
pub(super) async fn recipe_build(session: &Session, args: &RecipeBuildArgs) -> Result<ExitCode> {
    let project = session.project()?;
    let named = args.crates.iter();
    let named = named.map(|name| RecipeCrate::named(&project, name));
    let mut crates = named.collect::<Result<Vec<_>, _>>()?;
    // Of these some may be libraries that recipes share.
    let mut optional = Vec::new();
    if args.all {
        optional = RecipeCrate::plugins(&project);
        let used = used(&project);
        optional.retain(|krate| !crates.contains(krate) && !used.contains(krate));
        crates.extend(used.into_iter().filter(|krate| krate.exists()));
        crates.extend(optional.iter().cloned());
    }
    crates.sort_by(|a, b| a.name.cmp(&b.name));
    crates.dedup();
    let mut made = 0;
    let mut failed = Vec::new();
    for (krate, result) in compile(session, &crates).await {
        match result {
            Ok(built) => {
                made += 1;
                session.printer.line(shown(&project, &built));
            }
            Err(CrateError::NoCdylib { .. }) if optional.contains(&krate) => {
                let name = krate.name;
                session
                    .printer
                    .talk(format_args!("{name} has no cdylib, and is no recipe"));
            }
            Err(error) => failed.push((krate.name, error.into())),
        }
    }
    match made == 0 && failed.is_empty() {
        true => Err(CrateError::Nothing.into()),
        false => Ok(session.failures(&failed)),
    }
}

async fn compile(
    session: &Session,
    crates: &[RecipeCrate],
) -> Vec<(RecipeCrate, Result<Built, CrateError>)> {
    let show = |line: &str| session.printer.talk(line);
    let say = |detail: &str| {
        session.reporter.report(Event::Stage {
            name: "recipes",
            detail,
        });
    };
    let options = BuildOptions {
        locked: session.overrides.locked || in_ci(),
        lines: (!session.printer.is_quiet()).then_some(&show),
        say: &say,
    };
    build(crates, &options).await
}

/// The crates that apps name.
fn used(project: &Project) -> Vec<RecipeCrate> {
    let apps = project.apps().unwrap_or_default();
    let files = apps.iter().filter_map(|app| project.app(app).ok());
    let crates = files.filter_map(|file| match file.recipe {
        RecipeReference::Crate(name) => Some(RecipeCrate::plugin(project, &name)),
        _ => None,
    });
    crates.collect()
}

fn shown(project: &Project, built: &Built) -> String {
    let path = built.path.strip_prefix(project.root());
    let path = path.unwrap_or(&built.path).display();
    format!("{path}  {} KB", built.size.div_ceil(1024))
}
