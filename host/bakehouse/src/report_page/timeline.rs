//! The targets of a run: when each was at work, and what it reused.

use std::collections::BTreeMap;

use super::chart;
use crate::pipeline::report::{Report, TargetReport};
use crate::text::{self, Html};

/// Targets up to which all apps are unfolded.
const FEW: usize = 40;

/// Every target with its bar, by app.
pub(super) fn section(html: &mut Html, report: &Report) {
    if report.targets.is_empty() {
        return;
    }
    let ends = report
        .targets
        .iter()
        .map(|target| target.began + target.seconds);
    let whole = ends.fold(report.seconds, f64::max).max(f64::MIN_POSITIVE);
    let is_few = report.targets.len() <= FEW;
    html.raw("<section><h2>Targets</h2>");
    for (app, mut targets) in by_app(report) {
        targets.sort_by(|a, b| a.began.total_cmp(&b.began));
        let failed = targets
            .iter()
            .filter(|target| target.digest.is_none())
            .count();
        html.raw("<details");
        html.raw(if is_few || failed > 0 { " open>" } else { ">" });
        html.raw("<summary>");
        html.text(format_args!(
            "{app}: {}",
            text::count(targets.len(), "target")
        ));
        if failed > 0 {
            html.text(format_args!(", {failed} failed"));
        }
        html.raw("</summary><div class=\"wide\"><table class=\"targets\"><thead><tr><th>Target</th><th>Outcome</th><th class=\"time\">When</th><th>Took</th><th>Cached</th><th>Size</th></tr></thead><tbody>");
        for target in targets {
            row(html, target, whole);
        }
        html.raw("</tbody></table></div></details>");
    }
    html.raw("</section>");
}

fn row(html: &mut Html, target: &TargetReport, whole: f64) {
    let (class, outcome) = match (&target.digest, target.reused) {
        (None, _) => ("failed", "failed"),
        (Some(_), true) => ("soft", "there already"),
        (Some(_), false) => ("good", "pushed"),
    };
    let id = &target.id;
    html.raw("<tr><th scope=\"row\">");
    html.text(match id.image == id.app {
        true => format!("{} {}", id.version, id.platform),
        false => format!("{} {} {}", id.version, id.image, id.platform),
    });
    html.raw("</th><td><span");
    html.attribute("class", format_args!("state {class}"));
    html.raw(">");
    html.text(outcome);
    html.raw("</span></td><td class=\"time\">");
    let end = target.began + target.seconds;
    let title = format!("from {} to {}", clock(target.began), clock(end));
    let bar = (class_of_bar(class), target.began / whole, end / whole);
    chart::bar(html, &[bar], &title);
    html.raw("</td>");
    html.element("td", clock(target.seconds));
    html.element(
        "td",
        match target.steps {
            0 => "-".to_owned(),
            steps => format!("{} of {steps}", target.cached),
        },
    );
    html.element(
        "td",
        target.size.map_or_else(|| "-".to_owned(), text::bytes),
    );
    html.raw("</tr>");
}

const fn class_of_bar(class: &str) -> &'static str {
    match class.as_bytes() {
        b"failed" => "bad",
        b"good" => "well",
        _ => "quiet",
    }
}

/// How much came from the cache, and how much was pushed, by app.
pub(super) fn cache(html: &mut Html, report: &Report) {
    let built = report.targets.iter().any(|target| target.steps > 0);
    let pushed = report.targets.iter().any(|target| target.pushed.is_some());
    if !built && !pushed {
        return;
    }
    html.raw("<section><h2>Reused</h2><div class=\"wide\"><table><thead><tr><th>App</th><th>Steps from the cache</th><th class=\"time\"></th><th>Pushed</th><th>There already</th></tr></thead><tbody>");
    for (app, targets) in by_app(report) {
        let steps: usize = targets.iter().map(|target| target.steps).sum();
        let cached: usize = targets.iter().map(|target| target.cached).sum();
        let bytes = targets.iter().filter_map(|target| target.pushed);
        let (sent, skipped) = bytes.fold((0_u64, 0_u64), |(sent, skipped), bytes| {
            (
                sent.saturating_add(bytes.sent),
                skipped.saturating_add(bytes.skipped),
            )
        });
        let by_host = targets.iter().any(|target| target.pushed.is_some());
        let share = cached as f64 / steps.max(1) as f64;
        html.raw("<tr>");
        html.element("th", app);
        html.element(
            "td",
            format_args!("{cached} of {steps}, {:.0} %", share * 100.0),
        );
        html.raw("<td class=\"time\">");
        chart::bar(html, &[("well", 0.0, share)], "share from the cache");
        html.raw("</td>");
        for bytes in [sent, skipped] {
            html.element(
                "td",
                match by_host {
                    true => text::bytes(bytes),
                    false => "by the builder".to_owned(),
                },
            );
        }
        html.raw("</tr>");
    }
    html.raw("</tbody></table></div></section>");
}

fn by_app(report: &Report) -> BTreeMap<&str, Vec<&TargetReport>> {
    let mut apps: BTreeMap<&str, Vec<&TargetReport>> = BTreeMap::new();
    for target in &report.targets {
        apps.entry(&target.id.app).or_default().push(target);
    }
    apps
}

/// Seconds, or minutes and seconds, or hours and minutes.
pub(super) fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}
