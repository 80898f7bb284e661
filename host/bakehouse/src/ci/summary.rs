//! The summary of a run for a maintainer, as data.

use std::collections::BTreeMap;

use bakehouse_registry::Endpoint;
use serde::Serialize;

use super::link::link;
use crate::pipeline::destination::Destination;
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::report::{ImageReport, Report, TargetReport};

/// Version of the summary's JSON. It grows by adding fields.
const SCHEMA: u32 = 1;

/// A report with what the registry knows beside it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary<'a> {
    /// 1.
    pub schema: u32,
    /// The destination, and the setting that it comes from.
    pub destination: &'a Destination,
    /// Notes on its apps.
    pub notes: &'a [String],
    /// Targets, in the order they ended.
    pub targets: Vec<Row<'a>>,
    /// Indexes that were tagged, or are complete as they are.
    pub images: &'a [ImageReport],
    /// Moving tags that were set, with the version they show now.
    pub moved: &'a [(String, String)],
    /// Failures: images that are not published, and causes.
    pub failures: &'a [FailureRecord],
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
