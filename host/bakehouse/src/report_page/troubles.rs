//! Requests that were repeated, and warnings, as the timeline tells them.

use serde::Deserialize;

use crate::reporters::likeness;
use crate::text::Html;

/// Lines listed at most of each kind.
const LISTED: usize = 100;

/// An event, as far as it is listed here.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Trouble {
    Retry {
        what: String,
    },
    Warning {
        message: String,
    },
    #[serde(other)]
    Other,
}

/// The repeated requests and the warnings: those that are alike once, with how often.
pub(super) fn section(html: &mut Html, timeline: &[String]) {
    let (mut retries, mut warnings) = (Counted::default(), Counted::default());
    for line in timeline {
        // A run that was killed may have left half a line.
        match serde_json::from_str(line) {
            Ok(Trouble::Retry { what }) => retries.add(likeness(&what), what),
            Ok(Trouble::Warning { message }) => warnings.add(message.clone(), message),
            Ok(Trouble::Other) | Err(_) => {}
        }
    }
    retries.section(html, "Repeated requests");
    warnings.section(html, "Warnings");
}

/// Lines, each the first of those that are alike, and how many these are.
#[derive(Default)]
struct Counted(Vec<(String, String, usize)>);

impl Counted {
    fn add(&mut self, likeness: String, line: String) {
        let has_room = self.0.len() < LISTED;
        match self.0.iter_mut().find(|(known, ..)| *known == likeness) {
            Some((.., count)) => *count += 1,
            None if has_room => self.0.push((likeness, line, 1)),
            None => {}
        }
    }

    fn section(&self, html: &mut Html, title: &'static str) {
        if self.0.is_empty() {
            return;
        }
        html.raw("<section>");
        html.element("h2", title);
        html.raw("<ul>");
        for (_, line, count) in &self.0 {
            html.element(
                "li",
                match count {
                    1 => line.clone(),
                    count => format!("{line} ({count} of its kind)"),
                },
            );
        }
        html.raw("</ul></section>");
    }
}
