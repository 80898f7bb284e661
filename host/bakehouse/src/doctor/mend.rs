//! The mending of `bakehouse doctor --fix`: what a command would do that was named
//! as the fix.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Cure, Finding};
use crate::ci::workflows::caller;
use crate::config::Project;
use crate::init;
use crate::recipes::{BuildOptions, RecipeCrate, build};
use crate::up::{Home, UpError, Verdict, Work, look, plan, set_up};

/// Does what is safe about these findings; what failed is told by each error.
pub async fn mend(
    findings: &[Finding],
    project: Option<&Project>,
    locked: bool,
    say: &(dyn Fn(&str) + Send + Sync),
) -> Vec<anyhow::Error> {
    let cures: BTreeSet<&Cure> = findings
        .iter()
        .filter_map(|finding| finding.fixable.as_ref())
        .collect();
    let mut failed = Vec::new();
    for cure in cures {
        let mended = match (cure, project) {
            (Cure::Up, _) => up(project, say).await,
            (Cure::Recipe(name), Some(project)) => recipe(project, name, locked, say).await,
            (Cure::Workflow, Some(project)) => workflow(project, say),
            (Cure::Schemas, Some(project)) => schemas(project, say),
            // They are of a project.
            (Cure::Recipe(_) | Cure::Workflow | Cure::Schemas, None) => Ok(()),
        };
        failed.extend(mended.err());
    }
    failed
}

/// As `bakehouse up`; what it cannot set up is found once more.
async fn up(project: Option<&Project>, say: &(dyn Fn(&str) + Send + Sync)) -> Result<()> {
    let home = Home::of_user().ok_or(UpError::Home)?;
    let work = Work { home: &home, say };
    let _lock = home.lock().await?;
    let of_project = project.and_then(|project| project.file().platforms.clone());
    let platforms = of_project.unwrap_or_else(crate::config::default_platforms);
    for (_, verdict) in plan(look(&set_up(), &platforms).await) {
        if let Verdict::Todo(step) = verdict {
            work.run(&step).await?;
        }
    }
    Ok(())
}

async fn recipe(
    project: &Project,
    name: &str,
    locked: bool,
    say: &(dyn Fn(&str) + Send + Sync),
) -> Result<()> {
    say(&format!("compiling {name}"));
    let options = BuildOptions {
        locked,
        lines: None,
        say: &|line| say(line),
    };
    let krate = RecipeCrate::named(project, name)?;
    for (_, result) in build(&[krate], &options).await {
        result?;
    }
    Ok(())
}

fn workflow(project: &Project, say: &(dyn Fn(&str) + Send + Sync)) -> Result<()> {
    let file = caller(project.file(), None)?;
    say(&format!("writing {}", file.path.display()));
    file.write(project.root())
}

fn schemas(project: &Project, say: &(dyn Fn(&str) + Send + Sync)) -> Result<()> {
    for (path, _) in init::schemas(project.root())? {
        say(&format!("writing {}", path.display()));
    }
    Ok(())
}
