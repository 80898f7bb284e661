//! `bakehouse doctor`

use anyhow::Result;
use serde::Serialize;

use super::Session;
use crate::cli::{DoctorArgs, Format};
use crate::doctor::{Finding, State, examine, mend};
use crate::failure::ExitCode;
use crate::pipeline::failure_record::FailureRecord;
use crate::recipes::in_ci;
use crate::schema::SchemaNumber;
use crate::text::{Page, Row, Style};

/// Columns of the state and the check.
const STATE: usize = 9;
const CHECK: usize = 12;

/// All findings, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report<'a> {
    /// Number of the schema.
    schema: SchemaNumber,
    /// The exit code of the command.
    exit_code: u8,
    /// One for each part that was looked at.
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
            schema: SchemaNumber::NOW,
            exit_code: code.code(),
            checks: &findings,
        })?,
        Format::Text => {
            let quiet = session.printer.is_quiet();
            let page = page(session.printer.new_page(), &findings, quiet);
            session.printer.page(&page);
        }
    }
    Ok(code)
}

/// A line for each finding, and what to do below those that are not well; with
/// `quiet` these alone.
fn page(mut out: Page, findings: &[Finding], quiet: bool) -> Page {
    let shown = findings
        .iter()
        .filter(|finding| !quiet || finding.state >= State::Warning);
    for finding in shown {
        let (style, state) = word(finding.state);
        let check = format!("{:<CHECK$}", finding.check.name());
        let found = finding.found.lines().collect::<Vec<_>>().join(" ");
        let label = Row::of(style, &format!("{state:<STATE$}")).with(Style::Plain, &check);
        let well = match finding.state {
            State::Skipped => Style::Faint,
            _ => Style::Plain,
        };
        out.styled_words(label, well, found);
        if finding.state < State::Warning {
            continue;
        }
        let below = |label: &str| Row::of(Style::Faint, &format!("{:STATE$}{label:<CHECK$}", ""));
        out.words(below("matters"), finding.matters);
        if let Some(fix) = &finding.fix {
            out.words(below("fix"), fix);
        }
    }
    if quiet {
        return out;
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
    out.blank();
    let (problems, warnings) = (of(State::Problem), of(State::Warning));
    let mut told = Vec::new();
    for (count, thing) in [(problems, "problem"), (warnings, "warning")] {
        match count {
            0 => {}
            1 => told.push(format!("1 {thing}")),
            count => told.push(format!("{count} {thing}s")),
        }
    }
    let told = told.join(", ");
    let (style, words) = match (problems, warnings, fixable) {
        (0, 0, _) => (Style::Good, "all is well".to_owned()),
        (0, _, 0) => (Style::Odd, told),
        (_, _, 0) => (Style::Bad, told),
        (_, _, fixable) => {
            let mends = format!("{told}; `bakehouse doctor --fix` mends {fixable} of them");
            (if problems > 0 { Style::Bad } else { Style::Odd }, mends)
        }
    };
    out.styled_words(Row::new(), style, words);
    out
}

const fn word(state: State) -> (Style, &'static str) {
    match state {
        State::Ok => (Style::Good, "ok"),
        State::Skipped => (Style::Faint, "-"),
        State::Warning => (Style::Odd, "warning"),
        State::Problem => (Style::Bad, "PROBLEM"),
    }
}
