//! Sizes of images over their versions.

use std::collections::BTreeSet;

use bakehouse_core::version_number::VersionNumber;

use super::chart::{self, Line};
use super::earlier::Earlier;
use crate::pipeline::report::Report;
use crate::text::{Html, bytes};

/// A chart for each image of the run, with what earlier runs know of it.
pub(super) fn section(html: &mut Html, report: &Report, earlier: &Earlier) {
    let mut all = earlier.clone();
    all.add(report);
    let images: BTreeSet<&str> = report
        .targets
        .iter()
        .map(|target| target.id.image.as_str())
        .filter(|image| all.of(image).next().is_some())
        .collect();
    if images.is_empty() {
        return;
    }
    html.raw("<section><h2>Sizes</h2><p class=\"soft\">Megabytes to download, compressed, by version, as far as runs that are kept know.</p>");
    for image in images {
        one(html, image, &all);
    }
    html.raw("</section>");
}

fn one(html: &mut Html, image: &str, all: &Earlier) {
    let versions: BTreeSet<&String> = all.of(image).flat_map(|(_, sizes)| sizes.keys()).collect();
    let mut versions: Vec<String> = versions.into_iter().cloned().collect();
    // What is no version number comes first.
    versions.sort_by_cached_key(|version| VersionNumber::parse(version));
    let lines: Vec<Line> = all
        .of(image)
        .map(|(platform, sizes)| Line {
            name: platform.to_string(),
            values: versions
                .iter()
                .map(|version| sizes.get(version).map(|bytes| *bytes as f64 / 1e6))
                .collect(),
        })
        .collect();
    html.element("h3", image);
    html.raw("<ul class=\"legend\">");
    for (kind, line) in lines.iter().enumerate() {
        html.raw("<li");
        html.attribute("class", format_args!("kind{}", kind % chart::KINDS));
        html.raw(">");
        html.text(&line.name);
        html.raw("</li>");
    }
    html.raw("</ul>");
    if versions.len() > 1 {
        chart::lines(html, &versions, &lines, "MB");
    }
    html.raw("<details");
    html.raw(if versions.len() > 1 { ">" } else { " open>" });
    html.raw("<summary>as a table</summary><div class=\"wide\"><table><thead><tr><th>Version</th>");
    for line in &lines {
        html.element("th", &line.name);
    }
    html.raw("</tr></thead><tbody>");
    for version in versions.iter().rev() {
        html.raw("<tr>");
        html.element("th", version);
        for (_, sizes) in all.of(image) {
            let size = sizes.get(version).copied();
            html.element("td", size.map_or_else(|| "-".to_owned(), bytes));
        }
        html.raw("</tr>");
    }
    html.raw("</tbody></table></div></details>");
}
