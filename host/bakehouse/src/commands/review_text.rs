//! A review, for people.

use super::text::faint_if_nothing;
use crate::review::{self, Grant, Part, ReviewPage, State};
use crate::text::{Page, Row, Style, Table, bytes};

/// A review's findings: apps, grants, images.
pub(super) fn review_page(mut out: Page, page: &ReviewPage) -> Page {
    out.words(Row::new(), page.headline());
    let review = &page.review;
    if !review.apps.is_empty() {
        let mut table = Table::new(&["APP", "VERSION", "IMAGES", "TOUCHED BY"]);
        for app in &review.apps {
            let none = || ("-".to_owned(), "-".to_owned());
            let (version, images) = page.builds(&app.app).unwrap_or_else(none);
            let mut why: Vec<String> = app.why.iter().map(ToString::to_string).collect();
            match app.state {
                State::New => why.insert(0, "new".to_owned()),
                State::Removed => why.push("removed; what is published of it stays".to_owned()),
                State::Changed => {}
            }
            table.row([
                app.app.clone().into(),
                faint_if_nothing(version),
                faint_if_nothing(images),
                why.join("; ").into(),
            ]);
        }
        out.blank();
        out.table(&table);
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
                let label = Row::of(Style::Odd, &format!("{who} {may} "));
                out.words(label, words(grant));
            }
        }
    }
    let images = images(page.rows());
    if !images.is_empty() {
        out.blank();
        out.table(&images);
    }
    let notes: Vec<String> = page
        .warnings()
        .chain(review.notes.iter().cloned())
        .collect();
    if !notes.is_empty() {
        out.blank();
    }
    for note in notes {
        out.words(Row::new(), note);
    }
    out
}

fn words(grant: &Grant) -> String {
    let (before, entry, after) = grant.words();
    format!("{before}{}{after}", entry.unwrap_or_default())
}

fn images(rows: impl Iterator<Item = review::Row>) -> Table {
    let mut table = Table::new(&[
        "IMAGE",
        "VERSION",
        "PLATFORM",
        "SIZE",
        "PUBLISHED",
        "CHANGE",
        "RUN",
    ]);
    let none = || "-".to_owned();
    for row in rows {
        let published = match &row.published {
            Some((version, size)) => format!("{} ({version})", bytes(*size)),
            None => none(),
        };
        table.row([
            row.image.clone().into(),
            row.version.clone().into(),
            row.platform.to_string().into(),
            faint_if_nothing(row.size.map_or_else(none, bytes)),
            faint_if_nothing(published),
            faint_if_nothing(row.change().unwrap_or_else(none)),
            row.ran.clone().into(),
        ]);
    }
    table
}

/// The targets of one machine's part.
pub(super) fn part_page(mut out: Page, part: &Part) -> Page {
    for tried in &part.targets {
        let size = tried.size.map_or_else(|| "not built".to_owned(), bytes);
        let ran = tried.ran.as_ref().map(|ran| format!(", {ran}"));
        let ran = ran.unwrap_or_default();
        out.words(Row::new(), format_args!("{}: {size}{ran}", tried.id));
    }
    out
}
