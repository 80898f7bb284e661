//! The report of a run as one page of HTML.
//!
//! It loads nothing from anywhere, and its policy lets it load nothing: its style
//! is in it, and named by its digest. There is no script.

mod chart;
mod earlier;
mod sizes;
mod timeline;
mod troubles;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

pub use earlier::Earlier;

use crate::pipeline::causes::causes;
use crate::pipeline::report::{Ending, Report};
use crate::text::{Html, short_digest};
use crate::told_cause::reproduce;

const STYLE: &str = include_str!("page.css");
/// Names listed at most of what is not done.
const LISTED: usize = 50;

/// A run, and what is known from others.
#[derive(Debug)]
pub struct ReportPage<'a> {
    /// The run's name.
    pub run: &'a str,
    /// Its report.
    pub report: &'a Report,
    /// Its events, a line of JSON each.
    pub timeline: &'a [String],
    /// Sizes of images that earlier runs built.
    pub earlier: &'a Earlier,
}

impl ReportPage<'_> {
    /// The page.
    #[must_use]
    pub fn html(&self) -> Html {
        let mut html = Html::new();
        self.head(&mut html);
        self.header(&mut html);
        html.raw("<main>");
        failures(&mut html, self.report);
        alarms(&mut html, self.report);
        left(&mut html, self.report);
        timeline::section(&mut html, self.report);
        timeline::cache(&mut html, self.report);
        sizes::section(&mut html, self.report, self.earlier);
        images(&mut html, self.report);
        troubles::section(&mut html, self.timeline);
        notes(&mut html, self.report);
        html.raw("</main><footer><p>Made by Bakehouse from .bakehouse/runs/");
        html.text(self.run);
        html.raw("</p></footer></body></html>\n");
        html
    }

    fn head(&self, html: &mut Html) {
        html.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\"");
        // As a Content Security Policy names what is in the page (CSP 3, 2.3.1).
        let style = STANDARD.encode(Sha256::digest(STYLE));
        html.attribute(
            "content",
            format_args!(
                "default-src 'none'; style-src 'sha256-{style}'; img-src data:; base-uri 'none'; form-action 'none'"
            ),
        );
        html.raw("><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"referrer\" content=\"no-referrer\"><meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\"><title>Run ");
        html.text(self.run);
        html.raw("</title><style>");
        html.raw(STYLE);
        html.raw("</style></head><body>");
    }

    fn header(&self, html: &mut Html) {
        let report = self.report;
        let (class, ended) = ending(report);
        html.raw("<header><h1>Run <time");
        html.attribute("datetime", &report.begun);
        html.raw(">");
        html.text(match report.begun.as_str() {
            "" => self.run.to_owned(),
            begun => begun.replace('T', " ").replace('Z', " UTC"),
        });
        html.raw("</time> <span");
        html.attribute("class", format_args!("state {class}"));
        html.raw(">");
        html.text(ended);
        html.raw("</span></h1><p><code>");
        html.text(&report.command);
        html.raw("</code></p><dl class=\"numbers\">");
        let reused = report.targets.iter().filter(|target| target.reused).count();
        let mut number = |name: &'static str, value: String, class: &'static str| {
            html.raw("<div");
            html.attribute("class", class);
            html.raw("><dt>");
            html.raw(name);
            html.raw("</dt><dd>");
            html.text(value);
            html.raw("</dd></div>");
        };
        number("built", report.built().to_string(), "");
        number("there already", reused.to_string(), "");
        number("tags set", report.tags().to_string(), "");
        let failed = report.failures.len();
        let class = if failed > 0 { "failed" } else { "" };
        number("failed", failed.to_string(), class);
        number("not built", report.unbuilt.len().to_string(), "");
        number("requests repeated", report.retries.to_string(), "");
        number("time", timeline::clock(report.seconds), "");
        html.raw("</dl>");
        if report.destination.is_known() {
            html.raw("<p class=\"soft\">Destination: ");
            html.text(&report.destination);
            html.raw("</p>");
        }
        html.raw("</header>");
    }
}

const fn ending(report: &Report) -> (&'static str, &'static str) {
    match report.ending {
        Ending::Unfinished => ("odd", "at work"),
        Ending::Killed => ("odd", "killed"),
        Ending::Done if !report.alarms.is_empty() => ("odd", "alarm"),
        Ending::Done => ("good", "done"),
        Ending::Failed => ("failed", "failed"),
        Ending::Stopped => ("odd", "stopped"),
    }
}

/// Each cause once, with all that failed for it.
fn failures(html: &mut Html, report: &Report) {
    let causes = causes(&report.failures);
    if causes.is_empty() {
        return;
    }
    html.raw("<section><h2>Failures</h2>");
    for cause in &causes {
        let mut lines = cause.message().lines();
        html.raw("<article class=\"cause\"><h3>");
        html.text(lines.next().unwrap_or_default());
        html.raw("</h3>");
        let more: Vec<&str> = lines.collect();
        if !more.is_empty() {
            html.raw("<pre>");
            for line in more {
                html.text(line);
                html.raw("\n");
            }
            html.raw("</pre>");
        }
        let about = cause.about();
        html.raw("<p>");
        html.text(match cause.count() {
            1 => "1 failure".to_owned(),
            count => format!("{count} failures of this cause"),
        });
        html.raw("</p><ul class=\"plain\">");
        let all: Vec<_> = cause.all().collect();
        for name in &about {
            html.raw("<li>");
            html.text(name);
            let log = all
                .iter()
                .find(|failure| failure.about().as_ref() == Some(name))
                .and_then(|failure| failure.log.as_ref());
            if let Some(log) = log {
                html.raw(" <span class=\"soft\">");
                html.text(log);
                html.raw("</span>");
            }
            html.raw("</li>");
        }
        html.raw("</ul>");
        let facts = [
            ("What to do", cause.first.hint.as_deref()),
            ("To see it again", reproduce(cause)),
        ];
        html.raw("<dl>");
        for (name, value) in facts {
            if let Some(value) = value {
                html.element("dt", name);
                html.element("dd", value);
            }
        }
        html.raw("</dl></article>");
    }
    html.raw("</section>");
}

/// Alarms, and the next thing to do.
fn alarms(html: &mut Html, report: &Report) {
    if report.alarms.is_empty() {
        return;
    }
    html.raw("<section><h2>Alarms</h2>");
    for alarm in &report.alarms {
        html.raw("<article class=\"cause\">");
        html.element("h3", &alarm.message);
        html.raw("<dl>");
        html.element("dt", "What to do");
        html.element("dd", &alarm.hint);
        html.raw("</dl></article>");
    }
    html.raw("</section>");
}

/// The work that is not done, and the command that goes on with it.
fn left(html: &mut Html, report: &Report) {
    let unbuilt: Vec<String> = report.unbuilt.iter().map(ToString::to_string).collect();
    if unbuilt.is_empty() && report.unpublished.is_empty() && report.next.is_none() {
        return;
    }
    html.raw("<section><h2>Not done</h2>");
    for (what, names) in [
        ("targets are not built", &unbuilt),
        ("images are not published", &report.unpublished),
    ] {
        if names.is_empty() {
            continue;
        }
        html.raw("<details><summary>");
        html.text(format_args!("{} {what}", names.len()));
        html.raw("</summary><ul>");
        for name in names.iter().take(LISTED) {
            html.element("li", name);
        }
        if let Some(more @ 1..) = names.len().checked_sub(LISTED) {
            html.element("li", format_args!("and {more} more"));
        }
        html.raw("</ul></details>");
    }
    if let Some(next) = &report.next {
        html.raw("<p>To go on: <code>");
        html.text(next);
        html.raw("</code></p>");
    }
    html.raw("</section>");
}

/// What is published, and where.
fn images(html: &mut Html, report: &Report) {
    if report.images.is_empty() && report.moved.is_empty() {
        return;
    }
    html.raw("<section><h2>Images</h2>");
    if !report.images.is_empty() {
        html.raw("<div class=\"wide\"><table><thead><tr><th>Image</th><th>Index</th><th>Platforms</th><th>Tag</th></tr></thead><tbody>");
        for image in &report.images {
            html.raw("<tr>");
            html.element("td", &image.reference);
            html.raw("<td><code>");
            html.text(short_digest(&image.digest));
            html.raw("</code></td>");
            html.element("td", image.platforms.join(", "));
            html.element(
                "td",
                if image.tags.is_empty() {
                    "as it was"
                } else {
                    "set"
                },
            );
            html.raw("</tr>");
        }
        html.raw("</tbody></table></div>");
    }
    html.raw("<ul class=\"plain\">");
    for (tag, version) in &report.moved {
        html.element("li", format_args!("{tag} shows {version} now"));
    }
    html.raw("</ul></section>");
}

fn notes(html: &mut Html, report: &Report) {
    let warnings = report.targets.iter().flat_map(|target| {
        let of = |warning: &String| format!("{}: {warning}", target.target);
        target.warnings.iter().map(of)
    });
    let notes: Vec<String> = report.notes.iter().cloned().chain(warnings).collect();
    if notes.is_empty() {
        return;
    }
    html.raw("<section><h2>Notes</h2><ul>");
    for note in notes {
        html.element("li", note);
    }
    html.raw("</ul></section>");
}

#[cfg(test)]
mod tests;
