//! The status as a table.

use bakehouse_core::platform::Platform;

use super::text::table;
use crate::status::{ImageStatus, State, Status, ToldFailing, Totals};
use crate::text::Text;

/// Characters of a failure's message.
const MESSAGE: usize = 160;

/// The status as lines for a terminal.
pub(super) fn status_table(status: &Status) -> Text {
    let head = [
        "IMAGE",
        "STATE",
        "UPSTREAM",
        "PUBLISHED",
        "BEHIND",
        "PLATFORMS",
        "NEXT",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut failing = Text::new();
    for app in &status.apps {
        for image in &app.images {
            rows.push(row(image));
            for told in ToldFailing::all(&image.failing) {
                failing.message("", &line(&image.image, &told));
            }
        }
        if app.images.is_empty() {
            let unknown = || "-".to_owned();
            let state = State::Unknown.to_string();
            rows.push(vec![
                app.app.clone(),
                state,
                unknown(),
                unknown(),
                unknown(),
                unknown(),
                unknown(),
            ]);
        }
        for told in ToldFailing::all(&app.failing) {
            failing.message("", &line(&app.app, &told));
        }
    }
    let mut out = table(rows);
    if !failing.is_empty() {
        out.blank();
        out.append(&failing);
    }
    out.blank();
    for app in &status.apps {
        for note in &app.notes {
            out.line(format_args!("note: {note}"));
        }
    }
    out.line(Totals::of(status));
    out.line(format_args!(
        "destination: {}/{}",
        status.registry, status.namespace
    ));
    out
}

fn row(image: &ImageStatus) -> Vec<String> {
    let version = |version: Option<&str>| version.unwrap_or("-").to_owned();
    vec![
        image.image.clone(),
        image.state.to_string(),
        version(image.upstream_version()),
        version(image.published_version()),
        image.lag_words(),
        platforms(image),
        image.next_words(),
    ]
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

/// Failures of one cause, with what they are of.
fn line(name: &str, told: &ToldFailing<'_>) -> String {
    let ToldFailing { of, words, cause } = told;
    let of = match of.is_empty() {
        true => name.to_owned(),
        false => format!("{name} {}", of.join(", ")),
    };
    let message = cause.lines().next().unwrap_or_default();
    let short: String = message.chars().take(MESSAGE).collect();
    let dots = if short.len() < cause.len() {
        " ..."
    } else {
        ""
    };
    format!("{of} {words}: {short}{dots}")
}
