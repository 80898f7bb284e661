//! Pages of summaries, written as Markdown or JSON.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::markdown;
use super::plan_page::PlanPage;
use super::summary::Summary;
use crate::text;

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

impl Page for Summary<'_> {
    fn markdown(&self) -> String {
        markdown::summary(self)
    }
}

impl Page for PlanPage<'_> {
    fn markdown(&self) -> String {
        markdown::plan(self.plan, self.failed)
    }
}
