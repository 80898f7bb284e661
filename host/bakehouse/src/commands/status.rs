//! `bakehouse status`

use anyhow::Result;
use bakehouse_core::progress::Event;

use super::Session;
use super::status_table::status_table;
use crate::cli::{StatusArgs, StatusFormat};
use crate::failure::ExitCode;
use crate::pipeline::alarm::alarms;
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::survey::{Survey, survey};
use crate::pipeline::{held, memory};
use crate::status::{self, Facts, Shields, Status};

/// Shows what is published against what upstream has. It needs no builder.
pub(super) async fn status(session: &Session, args: &StatusArgs) -> Result<ExitCode> {
    let context = session
        .context(|overrides| overrides.max_versions = args.max_versions)
        .await?;
    session.destination(&context);
    let Survey {
        loaded,
        discovered: found,
        mut failed,
        checked,
    } = survey(&context, &args.apps).await?;
    let (mut plan, unchecked) = checked?;
    failed.extend(unchecked);
    let failures: Vec<FailureRecord> = failed
        .iter()
        .map(|(app, error)| FailureRecord::new(error).of_app(app))
        .collect();
    // That somebody looked, and when, is no failure of an app.
    let memory = memory::look(&context, &found, &plan, &[]);
    held::hold_back(
        &mut plan,
        &memory.history,
        &memory::recipes(&found),
        &memory.now,
    );
    context.reporter.report(Event::Stage {
        name: "look",
        detail: "sizes and moving tags",
    });
    let is_in_plan = |name: &str| plan.apps.iter().any(|app| app.app.name == name);
    let others = loaded.into_iter().filter(|(app, _)| !is_in_plan(&app.name));
    let (seen, undiscovered) = tokio::join!(
        status::look(&context, &found, &plan),
        status::look_without_upstream(&context.registry, others),
    );
    let alarms = alarms(
        &plan,
        &memory.fewer,
        &memory.history,
        context.project.file().alarms,
        &memory.now,
        &context.settings.flags,
        |_, image| !image.is_done(),
    );
    let status = Status::new(Facts {
        plan: &plan,
        seen: &seen,
        undiscovered: &undiscovered,
        history: &memory.history,
        failures: &failures,
        alarms: &alarms,
        now: &memory.now,
    });
    context.reporter.close();
    if let Some(folder) = &args.site {
        status::write(&status, folder)?;
    }
    match args.format {
        StatusFormat::Table => {
            let page = status_table(session.printer.new_page(), &status);
            match status.is_current() {
                true => session.printer.outcome(&page),
                false => session.printer.page(&page),
            }
        }
        StatusFormat::Json => session.printer.json(&status)?,
        StatusFormat::Markdown => session.printer.markup(&status::markdown(&status)),
        StatusFormat::Html => session.printer.markup(status::page(&status).as_str()),
        StatusFormat::Badge => {
            let badge = status::badge(&Shields::of_all(&status));
            session.printer.markup(badge.as_str());
        }
        StatusFormat::Shields => session.printer.json(&Shields::of_all(&status))?,
    }
    session.tell_all(&failures);
    let code = ExitCode::common(failures.iter().map(|failure| failure.code));
    Ok(session.alarmed(code, &status.alarms))
}
