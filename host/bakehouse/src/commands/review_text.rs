//! A review, for people.

use super::text::table;
use crate::review::{Grant, Part, ReviewPage, Row, State};
use crate::text::{Text, megabytes};

/// A review's findings: apps, grants, images.
pub(super) fn review_text(page: &ReviewPage) -> Text {
    let mut out = Text::new();
    out.line(page.headline());
    let review = &page.review;
    if !review.apps.is_empty() {
        let head = ["APP", "VERSION", "IMAGES", "TOUCHED BY"]
            .map(str::to_owned)
            .to_vec();
        let rows = review.apps.iter().map(|app| {
            let none = || ("-".to_owned(), "-".to_owned());
            let (version, images) = page.builds(&app.app).unwrap_or_else(none);
            let mut why: Vec<String> = app.why.iter().map(ToString::to_string).collect();
            match app.state {
                State::New => why.insert(0, "new".to_owned()),
                State::Removed => why.push("removed; what is published of it stays".to_owned()),
                State::Changed => {}
            }
            vec![app.app.clone(), version, images, why.join("; ")]
        });
        out.blank();
        out.append(&table(std::iter::once(head).chain(rows)));
    }
    if !review.grants.is_empty() {
        out.blank();
    }
    for change in &review.grants {
        let who = change
            .app
            .as_deref()
            .unwrap_or("all apps, by [allow] in bakehouse.toml,");
        for (may, grants) in [
            ("may now", &change.added),
            ("may no longer", &change.removed),
        ] {
            for grant in grants {
                out.line(format_args!("{who} {may} {}", words(grant)));
            }
        }
    }
    let rows: Vec<Row> = page.rows().collect();
    if !rows.is_empty() {
        out.blank();
        out.append(&images(&rows));
    }
    let notes: Vec<String> = page
        .warnings()
        .chain(review.notes.iter().cloned())
        .collect();
    if !notes.is_empty() {
        out.blank();
    }
    for note in notes {
        out.line(note);
    }
    out
}

fn words(grant: &Grant) -> String {
    let (before, entry, after) = grant.words();
    format!("{before}{}{after}", entry.unwrap_or_default())
}

fn images(rows: &[Row]) -> Text {
    let head = [
        "IMAGE",
        "VERSION",
        "PLATFORM",
        "SIZE",
        "PUBLISHED",
        "CHANGE",
        "RUN",
    ]
    .map(str::to_owned)
    .to_vec();
    let none = || "-".to_owned();
    let rows = rows.iter().map(|row| {
        vec![
            row.image.clone(),
            row.version.clone(),
            row.platform.to_string(),
            row.size.map_or_else(none, megabytes),
            match &row.published {
                Some((version, size)) => format!("{} ({version})", megabytes(*size)),
                None => none(),
            },
            row.change().unwrap_or_else(none),
            row.ran.clone(),
        ]
    });
    table(std::iter::once(head).chain(rows))
}

/// The targets of one machine's part.
pub(super) fn part_text(part: &Part) -> Text {
    let mut out = Text::new();
    for tried in &part.targets {
        let size = tried.size.map_or_else(|| "not built".to_owned(), megabytes);
        let ran = tried.ran.as_ref().map(|ran| format!(", {ran}"));
        out.line(format_args!(
            "{}: {size}{}",
            tried.id,
            ran.unwrap_or_default()
        ));
    }
    out
}
