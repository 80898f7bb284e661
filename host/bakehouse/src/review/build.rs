//! Builds of a review: into a registry that ends with them.

use anyhow::Result;
use bakehouse_core::progress::Event;
use bakehouse_core::target::TargetId;

use super::trial::Trials;
use super::{Part, Ran, Tried};
use crate::config::SmokeRun;
use crate::context::Context;
use crate::failure::{self, ExitCode, Failure};
use crate::pipeline::discover::Discovered;
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::ledger::Ledger;
use crate::pipeline::plan::Plan;
use crate::pipeline::run::build_all;
use crate::pipeline::work::WorkFolder;

/// Leaves the newest version of each app.
pub fn newest(discovered: &mut [Discovered]) {
    for app in discovered {
        app.versions.truncate(1);
    }
}

/// Builds a plan's jobs, and with `run` runs each published image once. Nothing
/// of it is left but the builder's cache, and what the ledger keeps.
///
/// # Errors
/// When nothing can be done at all: no builder, or no engine to run images in.
/// Everything later is in the result.
pub async fn build(
    context: &Context,
    discovered: &[Discovered],
    plan: &Plan,
    run: bool,
    ledger: &Ledger,
) -> Result<Part> {
    let work = WorkFolder::create(&context.project.work())?;
    let (room, _) = work.target()?;
    let aside = context.aside(room.path()).await?;
    let trials = match run && plan.target_count() > 0 {
        true => Some(Trials::open(&aside.registry, room.path()).await?),
        false => None,
    };
    context.reporter.report(Event::Stage {
        name: "review",
        detail: "images go to a registry of this command, and end with it",
    });
    build_all(&aside, discovered, plan, ledger).await?;
    let report = ledger.with(|report| report.clone());
    let mut part = Part {
        failures: report.failures,
        ..Part::new()
    };
    for failure in &mut part.failures {
        // It need not be built for the registry.
        let alone = failure
            .reproduce
            .take()
            .map(|alone| failure::try_alone(&alone));
        if alone.is_some() && failure.hint == alone {
            failure.hint = None;
        }
    }
    for target in report.targets {
        let mut tried = Tried {
            size: None,
            ran: None,
            seconds: target.seconds,
            warnings: target.warnings,
            digest: target.digest,
            id: target.id,
        };
        if let Some(digest) = &tried.digest {
            let inspection = aside.registry.inspect(&tried.id.image, digest).await?;
            tried.size = Some(inspection.images.iter().map(|image| image.size).sum());
            if let Some(trials) = &trials {
                let ran = ran(context, discovered, trials, &tried.id, digest).await;
                let (ran, failure) = match ran {
                    Ok(ran) => ran,
                    Err(error) => (None, Some(FailureRecord::new(&error))),
                };
                tried.ran = ran;
                let failure = failure.map(|failure| failure.about_target(&tried.id));
                part.failures.extend(failure);
            }
        }
        part.targets.push(tried);
    }
    Ok(part)
}

/// The run of a target's image, and the failure that it is; none of an image that
/// is not published.
async fn ran(
    context: &Context,
    discovered: &[Discovered],
    trials: &Trials<'_>,
    target: &TargetId,
    digest: &str,
) -> Result<(Option<Ran>, Option<FailureRecord>)> {
    let Some(app) = discovered.iter().find(|app| app.app.name == target.app) else {
        return Ok((None, None));
    };
    let table = app.file.images.get(&target.image);
    if table.is_some_and(|table| !table.publish) {
        return Ok((None, None));
    }
    context.reporter.report(Event::Stage {
        name: "try",
        detail: &target.to_string(),
    });
    let how = table.map_or(SmokeRun::Guessed, |table| table.smoke.clone());
    let ran = trials.run(target, digest, &how).await?;
    let failure = match &ran {
        Ran::Failed { said } => {
            let message = format!("{target}: its image does not run: {said}");
            let image = &target.image;
            let hint = format!(
                "see what its program needs; `smoke` under [images.{image}] in apps/{}/app.toml \
                 says with which arguments it ends well, or false for an image that is not to be run",
                target.app
            );
            let failure = Failure::new(ExitCode::Build, message).hint(hint);
            Some(FailureRecord::new(&failure.into()))
        }
        _ => None,
    };
    Ok((Some(ran), failure))
}
