//! A preview of builds, for people: facts, and then the Dockerfile, so that a
//! diff is one that `patch` takes.

use std::fmt::Display;

use bakehouse_core::recipe::Network;

use crate::diff::Tag;
use crate::pipeline::previewed::{Preview, PreviewedBuild, PreviewedTarget};
use crate::text::{Style, Text};

/// All targets, in build order.
pub(super) fn preview_text(preview: &Preview) -> Vec<(Style, Text)> {
    let mut out = Lines::default();
    for (index, target) in preview.targets.iter().enumerate() {
        if index > 0 {
            out.blank();
        }
        out.line(Style::Strong, &target.target);
        if let Some(source) = &preview.source {
            out.fact("source", &source.repository);
            out.fact(
                "revision",
                format_args!("{} ({})", source.git_ref, source.commit),
            );
        }
        for warning in &target.warnings {
            out.fact("warning", warning);
        }
        if let Some(build) = &target.build {
            facts(&mut out, target, build);
            dockerfile(&mut out, build);
        }
    }
    out.0
}

#[derive(Default)]
struct Lines(Vec<(Style, Text)>);

impl Lines {
    fn line(&mut self, style: Style, words: impl Display) {
        self.0.push((style, Text::of(words)));
    }

    fn fact(&mut self, name: &str, value: impl Display) {
        self.line(Style::Plain, format_args!("  {name:11} {value}"));
    }

    fn pairs(&mut self, name: &str, pairs: &[(String, String)]) {
        for (key, value) in pairs {
            self.fact(name, format_args!("{key}={value}"));
        }
    }

    fn blank(&mut self) {
        let mut blank = Text::new();
        blank.blank();
        self.0.push((Style::Plain, blank));
    }
}

fn facts(out: &mut Lines, target: &PreviewedTarget, build: &PreviewedBuild) {
    if target.compiles {
        out.fact(
            "compiles",
            "this is its compile step, not the image's build",
        );
    }
    // A compile step may run for the platform of the machine that builds.
    if build.platform != target.target.platform {
        out.fact("platform", &build.platform);
    }
    out.fact("context", &build.context);
    out.pairs("named", &build.contexts);
    if let Some(stage) = &build.stage {
        out.fact("stage", stage);
    }
    let network = match build.network {
        Network::None => "none",
        Network::Default => "the builder's",
    };
    out.fact("network", network);
    for base in &build.bases {
        let mut said = format!("{} ({}, line {}", base.reference, base.platform, base.line);
        if let Some(digest) = &base.pinned {
            said.push_str(&format!(", held to {digest}"));
        }
        out.fact("base", format_args!("{said})"));
    }
    for need in &build.needs {
        let said = "built before; its digest takes the place of";
        out.fact(
            "base",
            format_args!("{}, {said} {}", need.image, need.reference),
        );
    }
    out.pairs("arg", &build.args);
    for name in &build.secrets {
        out.fact("secret", name);
    }
    out.pairs("label", &build.labels);
}

fn dockerfile(out: &mut Lines, build: &PreviewedBuild) {
    let Some(upstream) = &build.upstream else {
        out.fact("dockerfile", "the recipe's own:");
        out.blank();
        for line in build.dockerfile.lines() {
            out.line(Style::Plain, line);
        }
        return;
    };
    if upstream.lines.is_empty() {
        out.fact(
            "dockerfile",
            format_args!("{}, as upstream wrote it", upstream.path),
        );
        return;
    }
    out.fact(
        "dockerfile",
        format_args!("{}, with these changes:", upstream.path),
    );
    out.blank();
    for line in &upstream.lines {
        let style = match line.tag {
            Tag::Name => Style::Strong,
            Tag::Place => Style::Busy,
            Tag::Kept => Style::Plain,
            Tag::Removed => Style::Bad,
            Tag::Added => Style::Good,
        };
        out.line(style, &line.text);
    }
}
