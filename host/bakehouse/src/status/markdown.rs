//! The status as GitHub-flavoured Markdown.

use std::fmt::Write as _;

use super::model::{AppStatus, ImageStatus, Status};
use super::totals::Totals;
use super::words::ToldFailing;
use crate::ci::markdown::{code, table, text};

/// The status as a page.
#[must_use]
pub fn markdown(status: &Status) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "### {}\n", Totals::of(status));
    for alarm in &status.alarms {
        let _ = writeln!(out, "- {}", code(&alarm.message));
    }
    if !status.alarms.is_empty() {
        out.push('\n');
    }
    let head = [
        "Image",
        "State",
        "Upstream",
        "Published",
        "Behind",
        "Platforms",
        "Next",
    ];
    let seen = status.images().map(|(_, image)| row(image));
    let unseen = status.apps.iter().filter(|app| app.images.is_empty());
    let rows: Vec<_> = seen.chain(unseen.map(unknown)).collect();
    table(&mut out, &head, rows.into_iter());
    let failing = ToldFailing::of_status(status);
    for told in &failing {
        let (of, words, cause) = (text(&told.subjects()), &told.words, code(told.cause));
        let _ = writeln!(out, "- {of} {words}: {cause}");
    }
    if !failing.is_empty() {
        out.push('\n');
    }
    let destination = format!("{}/{}", status.registry, status.namespace);
    let _ = writeln!(
        out,
        "Destination: {}, {}\n",
        text(&destination),
        status.date
    );
    out
}

fn row(image: &ImageStatus) -> Vec<String> {
    let version = |version: Option<&str>| version.map_or_else(|| "-".to_owned(), text);
    let platforms = image.published.as_ref().map(|shown| {
        let there = shown
            .platforms
            .iter()
            .map(|p| text(&p.platform.to_string()));
        there.collect::<Vec<_>>().join(", ")
    });
    vec![
        code(&image.repository),
        match image.state {
            super::State::Current => image.state.to_string(),
            other => format!("**{other}**"),
        },
        version(image.upstream_version()),
        version(image.published_version()),
        image.lag_words(),
        platforms
            .filter(|p| !p.is_empty())
            .unwrap_or_else(|| "-".to_owned()),
        image.next_words(),
    ]
}

fn unknown(app: &AppStatus) -> Vec<String> {
    let dash = || "-".to_owned();
    let state = format!("**{}**", super::State::Unknown);
    vec![
        code(&app.app),
        state,
        dash(),
        dash(),
        dash(),
        dash(),
        dash(),
    ]
}
