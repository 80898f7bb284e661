//! What a maintainer wants to know of a run.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use bakehouse_registry::Endpoint;
use serde::Serialize;

use super::markdown;
use crate::pipeline::destination::Destination;
use crate::pipeline::report::{FailureReport, ImageReport, Report, TargetReport};
use crate::text;

/// Version of the summary's JSON. It grows by adding fields.
const SCHEMA: u32 = 1;

/// A report with what the registry knows beside it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary<'a> {
    /// 1.
    pub schema: u32,
    /// Where it published to, and what said so.
    pub destination: &'a Destination,
    /// What is worth knowing of its apps.
    pub notes: &'a [String],
    /// Targets, in the order they ended.
    pub targets: Vec<Row<'a>>,
    /// Indexes that were tagged, or are complete as they are.
    pub images: &'a [ImageReport],
    /// Moving tags that were set, with the version they show now.
    pub moved: &'a [(String, String)],
    /// What is not published, and why.
    pub failures: &'a [FailureReport],
    /// Wall time in seconds.
    pub seconds: f64,
}

/// One target.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row<'a> {
    /// How it ended.
    #[serde(flatten)]
    pub target: &'a TargetReport,
    /// Bytes to download: configuration and compressed layers.
    pub size: Option<u64>,
    /// Web page of its image, where the registry is known to have one.
    pub link: Option<String>,
}

/// A page of a summary.
pub trait Page: Serialize {
    /// As GitHub-flavoured Markdown.
    fn markdown(&self) -> String;

    /// Writes it to a file: JSON where its name ends with `.json`, else
    /// Markdown. A file without a suffix, as `$GITHUB_STEP_SUMMARY` names one,
    /// is added to; others are replaced.
    ///
    /// # Errors
    /// When the file system refuses.
    fn write(&self, path: &Path) -> Result<()> {
        let cannot = || format!("cannot write the summary to {}", path.display());
        match path.extension().and_then(|suffix| suffix.to_str()) {
            Some("json") => {
                let json = text::json(self)?;
                fs::write(path, json + "\n").with_context(cannot)
            }
            Some(_) => fs::write(path, self.markdown()).with_context(cannot),
            None => fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .and_then(|mut file| file.write_all(self.markdown().as_bytes()))
                .with_context(cannot),
        }
    }
}

impl<'a> Summary<'a> {
    /// Puts a report together with the sizes of images, by image name and
    /// digest.
    #[must_use]
    pub fn new(
        report: &'a Report,
        endpoint: &Endpoint,
        sizes: &BTreeMap<(String, String), u64>,
    ) -> Self {
        let row = |target: &'a TargetReport| {
            let image = &target.id.image;
            let size = target.digest.as_ref().and_then(|digest| {
                let key = (image.clone(), digest.clone());
                sizes.get(&key).copied()
            });
            Row {
                target,
                size,
                link: link(&endpoint.show_repository(image)),
            }
        };
        Self {
            schema: SCHEMA,
            destination: &report.destination,
            notes: &report.notes,
            targets: report.targets.iter().map(row).collect(),
            images: &report.images,
            moved: &report.moved,
            failures: &report.failures,
            seconds: report.seconds,
        }
    }
}

impl Page for Summary<'_> {
    fn markdown(&self) -> String {
        markdown::summary(self)
    }
}

/// The web page of a repository, for registries that have them.
pub(super) fn link(repository: &str) -> Option<String> {
    // A plan may come from elsewhere; nothing else is part of a name.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':');
    let (host, path) = repository.split_once('/')?;
    match host {
        _ if !repository.chars().all(plain) => None,
        // Both answer browsers with the page of the package.
        "ghcr.io" | "quay.io" => Some(format!("https://{repository}")),
        "docker.io" | "index.docker.io" => Some(format!("https://hub.docker.com/r/{path}/tags")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_where_there_is_a_page() {
        assert_eq!(link("ghcr.io/a/b").as_deref(), Some("https://ghcr.io/a/b"));
        assert_eq!(
            link("docker.io/a/b").as_deref(),
            Some("https://hub.docker.com/r/a/b/tags")
        );
        assert_eq!(link("127.0.0.1:5000/a/b"), None);
        assert_eq!(link("local/a/b"), None);
        assert_eq!(link("ghcr.io/a/b)[x](https://evil.example"), None);
    }
}
