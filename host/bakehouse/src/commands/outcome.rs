//! The end of a command: its report, its summaries, its exit code.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;

use super::Session;
use super::text::report_text;
use crate::ci::{Page, Summary};
use crate::cli::Format;
use crate::context::Context;
use crate::failure::ExitCode;
use crate::pipeline::report::Report;

/// Prints a report, writes its summaries, and says how the process exits.
pub(super) async fn finish(
    session: &Session,
    context: &Context,
    report: &Report,
    format: Format,
    summaries: &[PathBuf],
) -> Result<ExitCode> {
    match format {
        Format::Json => session.printer.json(report)?,
        _ => session.printer.data(&report_text(report)),
    }
    for failure in &report.failures {
        session.problem(
            failure.app.as_deref(),
            &failure.message,
            failure.hint.as_deref(),
        );
    }
    if !summaries.is_empty() {
        let sizes = sizes(context, report).await;
        let page = Summary::new(report, context.registry.endpoint(), &sizes);
        for path in summaries {
            page.write(path)?;
        }
    }
    Ok(report.exit_code())
}

/// Download sizes of the report's images, by image name and digest, as far as
/// the registry tells them: a summary is not worth failing for.
async fn sizes(context: &Context, report: &Report) -> BTreeMap<(String, String), u64> {
    let mut sizes = BTreeMap::new();
    for target in &report.targets {
        let Some(digest) = &target.digest else {
            continue;
        };
        let image = &target.id.image;
        if let Ok(inspection) = context.registry.inspect(image, digest).await {
            let size = inspection.images.iter().map(|image| image.size).sum();
            sizes.insert((image.clone(), digest.clone()), size);
        }
    }
    sizes
}
