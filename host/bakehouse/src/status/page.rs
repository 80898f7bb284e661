//! The status as one page of HTML.
//!
//! It loads nothing from anywhere, and its policy lets it load nothing: style and
//! script are in it, and named by their digests. Without the script all of it can
//! be read, and not be searched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::model::{AppStatus, ImageStatus, Next, Shown, State, Status};
use super::totals::Totals;
use super::words::ToldFailing;
use crate::pipeline::alarm::Alarm;
use crate::text::{Html, bytes};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Columns of the table, as they are called.
const COLUMNS: [&str; 6] = [
    "Image",
    "State",
    "Upstream",
    "Published",
    "Behind",
    "Platforms",
];

/// The page alone.
#[must_use]
pub fn page(status: &Status) -> Html {
    page_with(status, "")
}

/// The page as it stands in a folder beside the same as data.
pub(super) fn page_of_site(status: &Status) -> Html {
    page_with(
        status,
        " The same as data: <a href=\"status.json\">status.json</a>, <a href=\"status.md\">status.md</a>.",
    )
}

/// The page, with links to what lies beside it.
fn page_with(status: &Status, beside: &'static str) -> Html {
    let mut html = Html::new();
    head(&mut html, status);
    html.raw("<header><h1>Images in ");
    html.text(format_args!("{}/{}", status.registry, status.namespace));
    html.raw("</h1><p>");
    html.text(Totals::of(status));
    html.raw("</p><p class=\"soft\">As of <time");
    html.attribute("datetime", &status.date);
    html.raw(">");
    html.text(status.date.minute());
    html.raw("</time></p>");
    alarms(&mut html, &status.alarms);
    html.raw("</header><main>");
    search(&mut html);
    html.raw("<table role=\"table\"><caption>Images, what upstream has, and what is published</caption><thead role=\"rowgroup\"><tr role=\"row\">");
    for column in COLUMNS {
        html.raw("<th scope=\"col\" role=\"columnheader\">");
        html.raw(column);
        html.raw("</th>");
    }
    html.raw("</tr></thead>");
    for app in &status.apps {
        for image in &app.images {
            row(&mut html, app, image);
        }
        if app.images.is_empty() {
            unseen(&mut html, app);
        }
    }
    html.raw("</table></main><footer><p>Made by Bakehouse.");
    html.raw(beside);
    html.raw("</p></footer><script>");
    html.raw(SCRIPT);
    html.raw("</script></body></html>\n");
    html
}

fn head(html: &mut Html, status: &Status) {
    html.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\"");
    html.attribute(
        "content",
        format_args!(
            "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
            digest(STYLE),
            digest(SCRIPT)
        ),
    );
    html.raw("><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"referrer\" content=\"no-referrer\"><meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\"><title>Images in ");
    html.text(format_args!("{}/{}", status.registry, status.namespace));
    html.raw("</title><style>");
    html.raw(STYLE);
    html.raw("</style></head><body>");
}

/// As a Content Security Policy names what is in the page (CSP 3, 2.3.1).
fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

fn alarms(html: &mut Html, alarms: &[Alarm]) {
    if alarms.is_empty() {
        return;
    }
    html.raw("<section class=\"alarms\" aria-label=\"Alarms\"><ul>");
    for alarm in alarms {
        html.element("li", &alarm.message);
    }
    html.raw("</ul></section>");
}

/// Shown by the script, which it is of no use without.
fn search(html: &mut Html) {
    html.raw("<form role=\"search\" hidden><label class=\"find\">Search<input type=\"search\" autocomplete=\"off\" spellcheck=\"false\"></label><label>State<select><option value=\"\">all</option>");
    for state in [
        State::Current,
        State::Partial,
        State::Behind,
        State::Missing,
        State::Failing,
        State::Unknown,
    ] {
        html.element("option", state);
    }
    html.raw("</select></label><output id=\"count\" aria-live=\"polite\"></output></form>");
}

/// One row, and what can be unfolded below it.
fn row(html: &mut Html, app: &AppStatus, image: &ImageStatus) {
    let shown = image.published.iter();
    let on = shown.clone().flat_map(|shown| &shown.platforms);
    let versions = shown.map(|shown| shown.version.clone());
    let words = [
        &image.image,
        &app.app,
        &image.summary,
        &app.summary,
        &image.repository,
    ];
    let words = words.into_iter().chain([&app.license]).cloned();
    let words = words
        .chain(versions)
        .chain(on.map(|p| p.platform.to_string()));
    let words = words.collect::<Vec<_>>().join(" ").to_lowercase();
    html.raw("<tbody role=\"rowgroup\"");
    html.attribute("id", &image.image);
    html.attribute("data-state", image.state);
    html.attribute("data-find", words);
    html.raw("><tr class=\"row\" role=\"row\"><th scope=\"row\" role=\"rowheader\"><span class=\"name\">");
    html.text(&image.image);
    html.raw("</span><span class=\"about\">");
    html.text(match image.summary.is_empty() {
        true => &app.summary,
        false => &image.summary,
    });
    html.raw("</span></th>");
    state(html, image.state);
    let upstream = image.upstream.as_ref();
    version(
        html,
        "Upstream",
        upstream.map(|u| (u.version.as_str(), u.released.as_ref())),
    );
    let published = image.published.as_ref();
    version(
        html,
        "Published",
        published.map(|p| (p.version.as_str(), p.released.as_ref())),
    );
    cell(html, "Behind");
    html.text(image.lag_words());
    html.raw("</td>");
    cell(html, "Platforms");
    platforms(html, published);
    html.raw("</td></tr><tr class=\"more\" role=\"row\"><td role=\"cell\"");
    html.attribute("colspan", COLUMNS.len());
    html.raw("><details><summary>");
    html.text(format_args!("Pull and operate {}", image.image));
    html.raw("</summary><div class=\"both\"><section>");
    pull(html, app, image);
    html.raw("</section><section>");
    operate(html, app, image);
    html.raw("</section></div></details></td></tr></tbody>");
}

/// An app that could not be looked at.
fn unseen(html: &mut Html, app: &AppStatus) {
    html.raw("<tbody role=\"rowgroup\"");
    html.attribute("id", &app.app);
    html.attribute("data-state", State::Unknown);
    html.attribute("data-find", app.app.to_lowercase());
    html.raw("><tr class=\"row\" role=\"row\"><th scope=\"row\" role=\"rowheader\"><span class=\"name\">");
    html.text(&app.app);
    html.raw("</span></th>");
    state(html, State::Unknown);
    html.raw("<td role=\"cell\"");
    html.attribute("colspan", COLUMNS.len() - 2);
    html.attribute("data-name", "Why");
    html.raw(">");
    if let Some(failing) = &app.failing {
        html.text(format_args!("{}: {}", failing.words(), failing.message));
    }
    html.raw("</td></tr></tbody>");
}

fn state(html: &mut Html, state: State) {
    cell(html, "State");
    html.raw("<span");
    html.attribute("class", format_args!("state {state}"));
    html.raw(">");
    html.text(state);
    html.raw("</span></td>");
}

/// Opens a cell.
fn cell(html: &mut Html, name: &'static str) {
    html.raw("<td role=\"cell\"");
    html.attribute("data-name", name);
    html.raw(">");
}

fn version(
    html: &mut Html,
    name: &'static str,
    version: Option<(&str, Option<&bakehouse_core::date::Date>)>,
) {
    cell(html, name);
    html.raw("<div>");
    match version {
        None => html.raw("-"),
        Some((number, released)) => {
            html.text(number);
            if let Some(date) = released {
                html.raw("<br><span class=\"soft\">");
                html.text(date.day());
                html.raw("</span>");
            }
        }
    }
    html.raw("</div></td>");
}

fn platforms(html: &mut Html, published: Option<&Shown>) {
    let is_empty = |shown: &Shown| shown.platforms.is_empty() && shown.missing.is_empty();
    if published.is_none_or(is_empty) {
        html.raw("-");
        return;
    }
    html.raw("<ul class=\"plain\">");
    for there in published.iter().flat_map(|shown| &shown.platforms) {
        html.raw("<li>");
        html.text(&there.platform);
        if let Some(size) = there.size {
            html.raw(" <span class=\"soft\">");
            html.text(bytes(size));
            html.raw("</span>");
        }
        html.raw("</li>");
    }
    for missing in published.iter().flat_map(|shown| &shown.missing) {
        html.raw("<li class=\"behind\">");
        html.text(format_args!("{missing} is missing"));
        html.raw("</li>");
    }
    html.raw("</ul>");
}

/// For who pulls.
fn pull(html: &mut Html, app: &AppStatus, image: &ImageStatus) {
    html.raw("<h3>Pull</h3>");
    match &image.published {
        None => html.raw(match image.state {
            State::Unknown => "<p>Nothing is known to be published.</p>",
            _ => "<p>Nothing is published yet.</p>",
        }),
        Some(shown) => {
            let mut line = |tag: &str| {
                html.raw("<div class=\"pull\"><pre><code>");
                html.text(format_args!("docker pull {}:{tag}", image.pull));
                html.raw("</code></pre></div>");
            };
            line(&shown.version);
            let moving = shown.tags.iter().filter(|tag| tag.current == Some(true));
            if let Some(tag) = moving
                .clone()
                .find(|tag| tag.tag == "latest")
                .or(moving.clone().next())
            {
                line(&tag.tag);
            }
            if image.repository.starts_with("local/") {
                html.raw("<p class=\"soft\">While <code>bakehouse serve</code> serves it.</p>");
            }
        }
    }
    html.raw("<dl><dt>Tags</dt><dd><code>VERSION</code> stays what it is; where it is built anew, the image before keeps <code>VERSION-rN</code>.");
    for template in &app.moving {
        html.raw("<br><code>");
        html.text(
            template
                .replace("{major}", "MAJOR")
                .replace("{minor}", "MINOR"),
        );
        html.raw(match template.contains('{') {
            true => "</code> moves to the newest release of its line",
            false => "</code> moves to the newest release",
        });
        let shown = image.published.iter().flat_map(|shown| &shown.tags);
        match shown.into_iter().find(|tag| tag.template == *template) {
            Some(tag) if tag.current == Some(false) => {
                html.raw("; <code>");
                html.text(&tag.tag);
                html.raw("</code> has not moved to it yet");
            }
            Some(tag) if tag.tag != *template => {
                html.raw(", such as <code>");
                html.text(&tag.tag);
                html.raw("</code>");
            }
            _ => {}
        }
        html.raw(".");
    }
    html.raw("</dd>");
    let versions = image.versions.iter().filter(|v| !v.platforms.is_empty());
    let versions: Vec<&str> = versions.map(|version| version.version.as_str()).collect();
    if !versions.is_empty() {
        fact(html, "Versions", versions.join(", "));
    }
    if !app.license.is_empty() {
        fact(html, "License", &app.license);
    }
    html.raw("<dt>Upstream</dt><dd>");
    html.link(&app.upstream, &app.upstream);
    html.raw("</dd><dt>Repository</dt><dd>");
    html.link(image.link.as_deref().unwrap_or_default(), &image.repository);
    html.raw("</dd></dl>");
}

/// For who operates.
fn operate(html: &mut Html, app: &AppStatus, image: &ImageStatus) {
    html.raw("<h3>Operate</h3><dl>");
    fact(html, "App", &app.app);
    if let Some(digest) = image
        .published
        .as_ref()
        .and_then(|shown| shown.digest.as_ref())
    {
        fact(html, "Digest", digest);
    }
    if let Some(since) = image.lag.as_ref().and_then(|lag| lag.since.as_ref()) {
        fact(html, "Behind since", since.day());
    }
    if let Some(failing) = &app.failing {
        let why = format_args!("{}: {}", failing.words(), failing.message);
        fact(html, "Not looked at", why);
    }
    html.raw("<dt>Next run</dt><dd>");
    match image.next.is_empty() {
        true if image.state == State::Unknown => html.raw("not known"),
        true => html.raw("nothing to do"),
        false => next(html, &image.next),
    }
    html.raw("</dd>");
    if !image.failing.is_empty() {
        html.raw("<dt>Failing</dt><dd><ul class=\"plain\">");
        let failing = image.failing.iter();
        for told in ToldFailing::all(failing.map(|one| (image.image.as_str(), one))) {
            let (of, words, cause) = (told.of.join(", "), &told.words, told.cause);
            html.element("li", format_args!("{of} {words}: {cause}"));
        }
        html.raw("</ul></dd>");
    }
    if !app.notes.is_empty() {
        html.raw("<dt>Notes</dt><dd><ul class=\"plain\">");
        for note in &app.notes {
            html.element("li", note);
        }
        html.raw("</ul></dd>");
    }
    html.raw("</dl>");
}

fn next(html: &mut Html, next: &[Next]) {
    html.raw("<ul class=\"plain\">");
    for Next {
        version,
        builds,
        reasons,
    } in next
    {
        let builds: Vec<String> = builds.iter().map(ToString::to_string).collect();
        let what = match builds.is_empty() {
            true => format!("{version}: not built"),
            false => format!("{version}: build {}", builds.join(", ")),
        };
        html.element("li", format_args!("{what} ({})", reasons.join("; ")));
    }
    html.raw("</ul>");
}

fn fact(html: &mut Html, name: &'static str, value: impl std::fmt::Display) {
    html.element("dt", name);
    html.element("dd", value);
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
