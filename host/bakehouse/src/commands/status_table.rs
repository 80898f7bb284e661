//! The status as a table.

use bakehouse_core::platform::Platform;

use super::text::faint_if_nothing;
use crate::status::{ImageStatus, State, Status, ToldFailing, Totals};
use crate::text::{Cell, Page, Row, Style, Table};

/// The status as lines for a terminal.
pub(super) fn status_table(mut out: Page, status: &Status) -> Page {
    let mut table = Table::new(&[
        "IMAGE",
        "STATE",
        "UPSTREAM",
        "PUBLISHED",
        "BEHIND",
        "PLATFORMS",
        "NEXT",
    ]);
    for app in &status.apps {
        for image in &app.images {
            table.row(row(image));
        }
        if app.images.is_empty() {
            let nothing = || faint_if_nothing("-".to_owned());
            table.row([
                app.app.clone().into(),
                state(State::Unknown),
                nothing(),
                nothing(),
                nothing(),
                nothing(),
                nothing(),
            ]);
        }
    }
    out.table(&table);
    let failing = ToldFailing::of_status(status);
    if !failing.is_empty() {
        out.blank();
    }
    for told in &failing {
        let (of, words, cause) = (told.subjects(), &told.words, told.cause);
        out.words(Row::new(), format!("{of} {words}: {cause}"));
    }
    out.blank();
    for app in &status.apps {
        for note in &app.notes {
            out.words(Row::of(Style::Faint, "note: "), note);
        }
    }
    out.words(Row::new(), Totals::of(status));
    let destination = format!("{}/{}", status.registry, status.namespace);
    out.words(Row::of(Style::Faint, "destination: "), destination);
    out
}

fn row(image: &ImageStatus) -> [Cell; 7] {
    let version = |version: Option<&str>| faint_if_nothing(version.unwrap_or("-").to_owned());
    [
        image.image.clone().into(),
        state(image.state),
        version(image.upstream_version()),
        version(image.published_version()),
        faint_if_nothing(image.lag_words()),
        faint_if_nothing(platforms(image)),
        faint_if_nothing(image.next_words()),
    ]
}

fn state(state: State) -> Cell {
    let style = match state {
        State::Current => Style::Good,
        State::Failing => Style::Bad,
        State::Partial | State::Behind | State::Missing | State::Unknown => Style::Odd,
    };
    Cell::of(style, state.to_string())
}

fn platforms(image: &ImageStatus) -> String {
    let Some(shown) = &image.published else {
        return "-".to_owned();
    };
    let short = |platform: &Platform| {
        let text = platform.to_string();
        text.strip_prefix("linux/")
            .map(str::to_owned)
            .unwrap_or(text)
    };
    let there: Vec<_> = shown.platforms.iter().map(|p| short(&p.platform)).collect();
    let missing: Vec<_> = shown.missing.iter().map(short).collect();
    match (there.is_empty(), missing.is_empty()) {
        (true, true) => "-".to_owned(),
        (_, true) => there.join(" "),
        _ => format!("{}, not {}", there.join(" "), missing.join(" ")),
    }
}
