//! `bakehouse report`

use anyhow::Result;

use super::report_text::report_page;
use super::{Session, kept};
use crate::ci::Page as _;
use crate::cli::{ReportArgs, ReportFormat};
use crate::failure::{ExitCode, Failure};
use crate::report_page::{Earlier, ReportPage};

/// Prints the report of a run that is kept. Its exit code is about the printing,
/// not about the run.
pub(super) fn report(session: &Session, args: &ReportArgs) -> Result<ExitCode> {
    let project = session.project()?;
    let run = kept::one(&project, args.run.as_deref())?;
    let Some(report) = run.report()? else {
        let message = format!("the run {} has no report", run.id);
        return Err(Failure::new(ExitCode::NotFound, message)
            .hint("it was killed before it had a plan; `bakehouse runs` lists the others")
            .into());
    };
    let printer = &session.printer;
    let format = match args.html {
        true => ReportFormat::Html,
        false => args.format,
    };
    match format {
        ReportFormat::Text => {
            let logs = run.path.strip_prefix(project.root()).unwrap_or(&run.path);
            let logs = (!run.logs()?.is_empty()).then(|| logs.display().to_string());
            session.tell_all(&report.failures);
            session.tell_alarms(&report.alarms);
            let page = printer.new_page();
            printer.page(&report_page(page, &report, logs.as_deref()));
        }
        ReportFormat::Json => printer.json(&report)?,
        ReportFormat::Markdown => printer.markup(&report.markdown()),
        ReportFormat::Html => {
            let earlier = Earlier::read(&project.runs(), &run);
            let page = ReportPage {
                run: &run.id,
                report: &report,
                timeline: &run.timeline()?,
                earlier: &earlier,
            };
            printer.markup(page.html().as_str());
        }
    }
    Ok(ExitCode::Success)
}
