//! All checks of one invocation.

use std::sync::Arc;
use std::time::Duration;

use bakehouse_core::progress::Silent;

use super::{Check, Finding, disk, forges, machine, recipes, registry, schemas, sources, workflow};
use crate::config::{Overrides, Project, Settings, default_platforms};
use crate::failure::ExitCode;
use crate::up::set_up;

/// Longest that a part may take. What is well takes a second.
const LIMIT: Duration = Duration::from_secs(20);

/// Looks at everything; what was found, in the order of the checks. Without a
/// project, why there is none is told, and the machine is looked at.
pub async fn examine(project: anyhow::Result<Project>, overrides: &Overrides) -> Vec<Finding> {
    let mut findings = Vec::new();
    let settings = match &project {
        Ok(project) => match Settings::resolve(project.file(), overrides) {
            Ok(settings) => Some(settings),
            Err(failure) => {
                findings.push(Finding::failed(Check::Project, failure));
                None
            }
        },
        Err(_) => None,
    };
    let project = match project {
        Ok(project) => Some(project),
        Err(error) => {
            findings.push(Finding::failed(Check::Project, error));
            None
        }
    };
    let platforms = match &settings {
        Some(settings) => settings.scope.wanted().to_vec(),
        None => default_platforms(),
    };
    let set_up = set_up();
    let machine = within(
        Check::Engine,
        machine::findings(&set_up, settings.as_ref(), &platforms),
    );
    let of_project = async {
        let Some(project) = &project else {
            return Vec::new();
        };
        within_project(project, settings.as_ref()).await
    };
    let (machine, of_project) = tokio::join!(machine, of_project);
    findings.extend(machine);
    findings.extend(of_project);
    findings.sort_by_key(|finding| finding.check);
    findings
}

async fn within_project(project: &Project, settings: Option<&Settings>) -> Vec<Finding> {
    let reporter = Arc::new(Silent);
    // Which images and sources there are, recipes say.
    let loaded = async {
        let looking = tokio::time::timeout(LIMIT, recipes::look(project, reporter.clone()));
        let Ok(seen) = looking.await else {
            return vec![late(Check::Recipe)];
        };
        let pushes = async {
            match settings {
                Some(settings) => {
                    let images: Vec<&str> = seen.images.iter().map(String::as_str).collect();
                    within(Check::Push, registry::pushes(settings, &images)).await
                }
                None => Vec::new(),
            }
        };
        let sources = within(Check::Sources, sources::findings(project, &seen.sources));
        let (pushes, sources) = tokio::join!(pushes, sources);
        [seen.findings, pushes, sources].concat()
    };
    let reach = async {
        match settings {
            Some(settings) => registry::reach(project, settings).await,
            None => Vec::new(),
        }
    };
    let (loaded, reach, forges, disk) = tokio::join!(
        loaded,
        within(Check::Registry, reach),
        within(Check::Forge, forges::findings(project)),
        within(Check::State, disk::findings(project)),
    );
    let (workflow, schemas) = (workflow::findings(project), schemas::findings(project));
    [loaded, reach, forges, disk, workflow, schemas].concat()
}

/// The findings, or that they took too long.
async fn within(check: Check, looking: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    let found = tokio::time::timeout(LIMIT, looking).await;
    found.unwrap_or_else(|_| vec![late(check)])
}

fn late(check: Check) -> Finding {
    let code = match check {
        Check::Registry | Check::Push => ExitCode::Registry,
        Check::Recipe => ExitCode::Recipe,
        Check::Forge | Check::Sources => ExitCode::Upstream,
        Check::State => ExitCode::Storage,
        _ => ExitCode::Builder,
    };
    let found = format!("no answer within {} s", LIMIT.as_secs());
    Finding::problem(
        check,
        code,
        found,
        "see what does not answer, and run this again",
    )
}
