//! The result of `bakehouse recipe check`, for people.

use bakehouse_core::grants::Kind;
use bakehouse_core::options::OptionDeclaration;

use super::check_report::{CheckedOption, RecipeCheck};
use super::text::{faint_if_nothing, joined};
use crate::pipeline::rehearsal::{Rehearsal, Verdict};
use crate::text::{Cell, Page, Row, Style, Table, count, short_digest};

/// The things that a recipe asks for, then the lines to add, then what nobody asks for.
pub(super) fn check_page(mut out: Page, check: &RecipeCheck) -> Page {
    let mut table = Table::new(&["KIND", "ASKS FOR", "GRANTED BY", "WHAT FOR"]);
    for asked in &check.asks {
        let granted = match asked.missing {
            // No base that can be named: there may be one, or none.
            None if asked.granted.is_empty() && asked.want.kind == Kind::Bases => {
                faint_if_nothing("-".to_owned())
            }
            None if asked.granted.is_empty() => "bakehouse.toml".into(),
            None => joined(&asked.granted).into(),
            Some(_) => Cell::of(Style::Bad, "MISSING"),
        };
        table.row([
            asked.want.kind.key().into(),
            asked.want.value.clone().into(),
            granted,
            asked.want.why.clone().into(),
        ]);
    }
    let digest = match out.room() {
        Some(_) => short_digest(&check.recipe),
        None => check.recipe.clone(),
    };
    let digest = format!(" ({digest})");
    out.row(Row::of(Style::Strong, &check.app).with(Style::Faint, &digest));
    out.table(&table);
    for line in check.asks.iter().filter_map(|asked| asked.add.as_ref()) {
        out.row(Row::of(Style::Bad, "missing").with(Style::Plain, &format!(": {line}")));
    }
    for unused in &check.unused {
        let label = Row::of(Style::Odd, "unused").with(Style::Plain, ": ");
        let (entry, kind, place) = (&unused.entry, unused.kind.key(), &unused.place);
        out.words(label, format_args!("\"{entry}\" in `{kind}`, {place}"));
    }
    if !check.options.is_empty() {
        out.blank();
        out.table(&options(&check.options));
    }
    if let Some(tried) = &check.tried {
        rehearsal(&mut out, tried);
    }
    out
}

/// Options that a recipe declares.
fn options(options: &[CheckedOption]) -> Table {
    let mut table = Table::new(&["OPTION", "TAKES", "IS", "WHAT FOR"]);
    for option in options {
        let is = match (&option.value, option.set) {
            (None, _) => "-".to_owned(),
            (Some(value), true) => value.written(),
            (Some(value), false) => format!("{} (default)", value.written()),
        };
        let OptionDeclaration { name, why, .. } = &option.declared;
        table.row([
            name.clone().into(),
            option.declared.takes().into(),
            faint_if_nothing(is),
            why.clone().into(),
        ]);
    }
    table
}

/// The targets, and the stage that each came to.
fn rehearsal(out: &mut Page, tried: &Rehearsal) {
    let mut table = Table::new(&["TARGET", "TRIED"]);
    for target in &tried.targets {
        let verdict = match target.verdict {
            Verdict::Ready => Cell::of(Style::Good, "up to its build"),
            Verdict::Compiles => Cell::of(Style::Good, "up to its first compile step"),
            Verdict::Fails => Cell::of(Style::Bad, "CANNOT BE BUILT"),
        };
        table.row([target.target.clone().into(), verdict]);
    }
    out.blank();
    out.table(&table);
    for target in &tried.targets {
        for warning in &target.warnings {
            let label = Row::of(Style::Odd, "warning").with(Style::Plain, ": ");
            out.words(label, format_args!("{}: {warning}", target.target));
        }
    }
    out.words(
        Row::new(),
        format_args!(
            "{} listed, {} of the newest tried, {}",
            count(tried.versions.len(), "version"),
            count(tried.targets.len(), "target"),
            count(tried.problems().count(), "problem")
        ),
    );
}
