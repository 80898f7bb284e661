//! `bakehouse doctor`

use anyhow::Result;
use serde::Serialize;

use super::Session;
use crate::cli::{DoctorArgs, Format};
use crate::doctor::{Finding, State, examine, mend};
use crate::failure::ExitCode;
use crate::pipeline::failure_record::FailureRecord;
use crate::recipes::in_ci;
use crate::text::Text;

/// Version of the JSON. It grows by adding fields.
const SCHEMA: u32 = 1;
/// Columns of the state and the check.
const STATE: usize = 9;
const CHECK: usize = 12;

/// All findings, as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    schema: u32,
    exit_code: u8,
    checks: &'a [Finding],
}

/// Looks at all that a run needs, and says what is wrong; with `--fix` mends what
/// is safe first.
pub(super) async fn doctor(session: &Session, args: &DoctorArgs) -> Result<ExitCode> {
    let overrides = &session.overrides;
    let mut findings = examine(session.project(), overrides).await;
    if args.fix && findings.iter().any(|finding| finding.fixable.is_some()) {
        let say = |line: &str| session.printer.talk(format_args!("==> {line}"));
        let project = session.project().ok();
        let locked = overrides.locked || in_ci();
        for error in mend(&findings, project.as_ref(), locked, &say).await {
            session.tell(&FailureRecord::new(&error));
        }
        findings = examine(session.project(), overrides).await;
    }
    let problems = findings
        .iter()
        .filter(|finding| finding.state == State::Problem);
    let code = ExitCode::common(problems.map(|finding| finding.code));
    match args.format {
        Format::Json => session.printer.json(&Report {
            schema: SCHEMA,
            exit_code: code.code(),
            checks: &findings,
        })?,
        Format::Text => {
            let quiet = session.printer.is_quiet();
            session.printer.data(&table(&findings, quiet));
        }
    }
    Ok(code)
}

/// A line for each finding, and what to do below those that are not well; with
/// `quiet` these alone.
fn table(findings: &[Finding], quiet: bool) -> Text {
    let mut text = Text::new();
    let shown = findings
        .iter()
        .filter(|finding| !quiet || finding.state >= State::Warning);
    for finding in shown {
        let (state, check) = (word(finding.state), finding.check.name());
        let found = finding.found.lines().collect::<Vec<_>>().join(" ");
        text.line(format_args!("{state:<STATE$}{check:<CHECK$}{found}"));
        if finding.state < State::Warning {
            continue;
        }
        let below = |label: &str| format!("{:STATE$}{label:<CHECK$}", "");
        text.line(format_args!("{}{}", below("matters"), finding.matters));
        if let Some(fix) = &finding.fix {
            text.line(format_args!("{}{fix}", below("fix")));
        }
    }
    if quiet {
        return text;
    }
    let of = |state| {
        findings
            .iter()
            .filter(|finding| finding.state == state)
            .count()
    };
    let fixable = findings
        .iter()
        .filter(|finding| finding.fixable.is_some())
        .count();
    text.blank();
    text.line(match (of(State::Problem), of(State::Warning)) {
        (0, 0) => "all is well".to_owned(),
        (problems, warnings) => {
            let told = format!("problems: {problems}, warnings: {warnings}");
            match fixable {
                0 => told,
                fixable => format!("{told}; `bakehouse doctor --fix` mends {fixable} of them"),
            }
        }
    });
    text
}

const fn word(state: State) -> &'static str {
    match state {
        State::Ok => "ok",
        State::Skipped => "-",
        State::Warning => "warning",
        State::Problem => "PROBLEM",
    }
}
