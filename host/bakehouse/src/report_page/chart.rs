//! Charts, as SVG.

use std::fmt::Display;

use crate::text::Html;

/// Units of a chart's width and height.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 160.0;
/// Units that are left free around the lines.
const MARGIN: f64 = 8.0;
/// Units above and below the lines, for labels.
const ABOVE: f64 = 24.0;
const BELOW: f64 = 16.0;
/// Kinds of lines that can be told apart.
pub(super) const KINDS: usize = 6;

/// A line: its name, and a value for each column that has one.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) values: Vec<Option<f64>>,
}

/// Lines over columns; the vertical axis begins at zero.
pub(super) fn lines(html: &mut Html, columns: &[String], lines: &[Line], unit: &str) {
    let values = lines.iter().flat_map(|line| line.values.iter().flatten());
    let highest = values.copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let last = columns.len().saturating_sub(1).max(1) as f64;
    let place = |column: usize, value: f64| {
        let x = MARGIN + (WIDTH - 2.0 * MARGIN) * column as f64 / last;
        let y = HEIGHT - MARGIN - (HEIGHT - MARGIN - ABOVE) * value / highest;
        (x, y)
    };
    html.raw("<svg class=\"chart\" role=\"img\"");
    html.attribute("viewBox", format_args!("0 0 {WIDTH} {}", HEIGHT + BELOW));
    html.raw("><title>");
    html.text(format_args!("up to {highest:.1} {unit}"));
    html.raw("</title><line class=\"axis\"");
    let (left, bottom) = place(0, 0.0);
    let (right, _) = place(columns.len().saturating_sub(1), 0.0);
    for (name, value) in [("x1", left), ("x2", right), ("y1", bottom), ("y2", bottom)] {
        html.attribute(name, value);
    }
    html.raw("/>");
    for (kind, line) in lines.iter().enumerate() {
        let points: Vec<_> = line
            .values
            .iter()
            .enumerate()
            .filter_map(|(column, value)| Some((column, (*value)?)))
            .collect();
        let path: Vec<String> = points
            .iter()
            .map(|(column, value)| {
                let (x, y) = place(*column, *value);
                format!("{x:.1},{y:.1}")
            })
            .collect();
        html.raw("<polyline");
        html.attribute("class", format_args!("line kind{}", kind % KINDS));
        html.attribute("points", path.join(" "));
        html.raw("/>");
        for (column, value) in points {
            let (x, y) = place(column, value);
            html.raw("<circle r=\"3\"");
            html.attribute("class", format_args!("point kind{}", kind % KINDS));
            html.attribute("cx", format_args!("{x:.1}"));
            html.attribute("cy", format_args!("{y:.1}"));
            html.raw("><title>");
            let version = columns.get(column).map_or("", String::as_str);
            html.text(format_args!("{version} {}: {value:.1} {unit}", line.name));
            html.raw("</title></circle>");
        }
    }
    label(
        html,
        "start",
        (MARGIN, 14.0),
        format_args!("{highest:.1} {unit}"),
    );
    let below = HEIGHT + BELOW - 6.0;
    for (column, anchor, x) in [
        (0, "start", MARGIN),
        (columns.len().saturating_sub(1), "end", WIDTH - MARGIN),
    ] {
        if let Some(column) = columns.get(column) {
            label(html, anchor, (x, below), column);
        }
    }
    html.raw("</svg>");
}

fn label(html: &mut Html, anchor: &'static str, (x, y): (f64, f64), words: impl Display) {
    html.raw("<text class=\"label\"");
    html.attribute("text-anchor", anchor);
    html.attribute("x", x);
    html.attribute("y", y);
    html.raw(">");
    html.text(words);
    html.raw("</text>");
}

/// A bar from one share of its room to another, both of 1.
pub(super) fn bar(html: &mut Html, parts: &[(&'static str, f64, f64)], title: &str) {
    html.raw("<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\"><title>");
    html.text(title);
    html.raw("</title><rect class=\"room\" width=\"1000\" height=\"10\"/>");
    for (class, from, to) in parts.iter().filter(|(_, _, to)| *to > 0.0) {
        let (from, to) = (from.clamp(0.0, 1.0) * 1000.0, to.clamp(0.0, 1.0) * 1000.0);
        html.raw("<rect height=\"10\"");
        html.attribute("class", class);
        html.attribute("x", format_args!("{from:.1}"));
        // What is shortest is seen, too.
        html.attribute("width", format_args!("{:.1}", (to - from).max(2.0)));
        html.raw("/>");
    }
    html.raw("</svg>");
}
