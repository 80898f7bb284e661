//! A review as a page of GitHub-flavoured Markdown: a job's summary, or a comment
//! on a pull request.

use std::fmt::Write as _;

use super::markdown::{code, fenced, table, text, told};
use super::page::Page;
use crate::pipeline::causes::causes;
use crate::review::{Grant, GrantsChange, ReviewPage, Row, State};
use crate::text::{bytes, count};

/// The first line, by which a comment is found again.
const MARKER: &str = "<!-- bakehouse review -->";
/// Rows of one table. With [`FAILURES`] a page stays below the 65,536 characters
/// that GitHub takes of a comment.
const ROWS: usize = 60;
/// Failures that are told in full.
const FAILURES: usize = 6;
/// Grants that are listed of one app.
const GRANTS: usize = 30;

impl Page for ReviewPage {
    fn markdown(&self) -> String {
        let mut out = format!("{MARKER}\n### {}\n\n", self.headline());
        apps(&mut out, self);
        grants(&mut out, &self.review.grants);
        images(&mut out, self);
        let failures = &self.review.failures;
        if !failures.is_empty() {
            let _ = writeln!(out, "#### {}\n", count(failures.len(), "failure"));
        }
        let causes = causes(failures);
        for cause in causes.iter().take(FAILURES) {
            out.push_str(&fenced(&told(cause)));
        }
        more(&mut out, causes.len(), FAILURES);
        for warning in self.warnings().take(ROWS) {
            let _ = writeln!(out, "- {}", text(&warning));
        }
        for note in self.review.notes.iter().take(ROWS) {
            let _ = writeln!(out, "- {}", text(note));
        }
        out
    }
}

fn apps(out: &mut String, page: &ReviewPage) {
    let apps = &page.review.apps;
    if apps.is_empty() {
        return;
    }
    let rows = apps.iter().take(ROWS).map(|app| {
        let (version, images) = page.builds(&app.app).unwrap_or_default();
        let or_none = |words: String| match words.is_empty() {
            true => "-".to_owned(),
            false => text(&words),
        };
        let mut why: Vec<String> = app.why.iter().map(|why| text(&why.to_string())).collect();
        match app.state {
            State::New => why.insert(0, "new".to_owned()),
            State::Removed => why.push("removed; what is published of it stays".to_owned()),
            State::Changed => {}
        }
        vec![
            text(&app.app),
            why.join("; "),
            or_none(version),
            or_none(images),
        ]
    });
    table(out, &["App", "Touched by", "Version", "Images"], rows);
    more(out, apps.len(), ROWS);
}

fn grants(out: &mut String, changes: &[GrantsChange]) {
    if changes.is_empty() {
        return;
    }
    out.push_str("#### Grants\n\n");
    for change in changes.iter().take(ROWS) {
        let who = match &change.app {
            Some(app) => format!("**{}**", text(app)),
            None => "**All apps** (`[allow]` in bakehouse.toml)".to_owned(),
        };
        for (may, grants) in [
            ("may now", &change.added),
            ("may no longer", &change.removed),
        ] {
            if grants.is_empty() {
                continue;
            }
            let _ = writeln!(out, "{who} {may}\n");
            for grant in grants.iter().take(GRANTS) {
                let _ = writeln!(out, "- {}", words(grant));
            }
            out.push('\n');
            more(out, grants.len(), GRANTS);
        }
    }
}

fn words(grant: &Grant) -> String {
    let (before, entry, after) = grant.words();
    let entry = entry.map(code).unwrap_or_default();
    format!("{before}{entry}{after}")
}

fn images(out: &mut String, page: &ReviewPage) {
    let rows: Vec<Row> = page.rows().collect();
    if rows.is_empty() {
        return;
    }
    out.push_str("#### Images\n\n");
    let none = || "-".to_owned();
    let cells = |row: &Row| {
        let published = row.published.as_ref();
        vec![
            text(&row.image),
            text(&row.version),
            text(&row.platform.to_string()),
            row.size.map_or_else(none, bytes),
            published.map_or_else(none, |(version, size)| {
                format!("{} ({})", bytes(*size), text(version))
            }),
            row.change().unwrap_or_else(none),
            match row.ran.as_str() {
                "-" => none(),
                ran => text(ran),
            },
        ]
    };
    let head = [
        "Image",
        "Version",
        "Platform",
        "Size",
        "Published",
        "Change",
        "Run",
    ];
    table(out, &head, rows.iter().take(ROWS).map(cells));
    more(out, rows.len(), ROWS);
}

fn more(out: &mut String, count: usize, shown: usize) {
    if let Some(more @ 1..) = count.checked_sub(shown) {
        let _ = writeln!(out, "and {more} more\n");
    }
}

#[cfg(test)]
mod tests {
    use crate::failure::{ExitCode, Failure};
    use crate::pipeline::failure_record::FailureRecord;
    use crate::review::{Base, Review, TouchedApp, Why};
    use bakehouse_core::grants::Kind;

    use super::*;

    fn base() -> Base {
        Base {
            revision: "main".to_owned(),
            commit: "0123456789".to_owned(),
        }
    }

    #[test]
    fn nothing_touched_is_a_sentence() {
        let review = Review {
            base: base(),
            ..Review::default()
        };
        assert_eq!(
            ReviewPage::new(review).markdown(),
            "<!-- bakehouse review -->\n### Nothing to build: the change since 0123456 touches no app\n\n"
        );
    }

    #[test]
    fn a_comment_is_never_too_long_and_obeys_nobody() {
        let long = "`|<img>@someone ".repeat(1000);
        let failure = |n: usize| {
            let failure = Failure::new(ExitCode::Build, format!("{n} {long}"));
            FailureRecord::new(&failure.into())
        };
        let grant = |n: usize| Grant {
            kind: Kind::Downloads,
            entry: format!("https://h.example/{n}/`<b>`/"),
        };
        let app = |n: usize| TouchedApp {
            app: format!("app-{n}"),
            state: State::New,
            why: vec![Why::Files {
                files: vec![format!("apps/app-{n}/a|b@c")],
            }],
        };
        let review = Review {
            base: base(),
            apps: (0..500).map(app).collect(),
            grants: vec![GrantsChange {
                app: Some("app-1".to_owned()),
                added: (0..500).map(grant).collect(),
                removed: Vec::new(),
            }],
            failures: (0..40).map(failure).collect(),
            ..Review::default()
        };
        let page = ReviewPage::new(review).markdown();
        assert!(page.chars().count() < 65_536, "{}", page.len());
        assert!(
            page.contains("#### 40 failures") && page.contains("and 34 more"),
            "{page}"
        );
        assert!(
            page.contains("- download from ``https://h.example/0/`<b>`/``\n"),
            "{page}"
        );
        assert!(
            page.contains("| app-0 | new; `apps/app-0/a\\|b@c` | - | - |"),
            "{page}"
        );
    }
}
