//! Pages of summaries, written as Markdown or JSON.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use bakehouse_core::storage_error::{At as _, StorageError};
use rustix::fs::{Access, access};
use serde::Serialize;

use super::markdown;
use super::plan_page::PlanPage;
use crate::pipeline::report::Report;
use crate::text;

/// A page of a summary.
pub trait Page: Serialize {
    /// As GitHub-flavoured Markdown.
    fn markdown(&self) -> String;
}

/// Writes a page to a file: JSON where its name ends with `.json`, else
/// Markdown. A file without a suffix, as `$GITHUB_STEP_SUMMARY` names one, is
/// added to; others are replaced.
///
/// # Errors
/// When the file system refuses.
pub fn write(page: &impl Page, path: &Path) -> Result<(), StorageError> {
    let text = match suffix(path) {
        Some("json") => {
            text::json(page)
                .map_err(io::Error::other)
                .at("write", path)?
                + "\n"
        }
        _ => page.markdown(),
    };
    let written = match suffix(path) {
        Some(_) => fs::write(path, text),
        None => adding()
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes())),
    };
    written.at("write the summary to", path)
}

/// Refuses a file that a page could not be written to, and writes this one to a
/// file that is replaced: what it says is no more.
///
/// # Errors
/// When the file system refuses.
pub fn prepare(page: &impl Page, path: &Path) -> Result<(), StorageError> {
    let is_regular = fs::metadata(path).map_or(true, |file| file.is_file() || file.is_dir());
    if !is_regular {
        // A pipe takes one page, and opening it may wait for a reader.
        return access(path, Access::WRITE_OK).at("write the summary to", path);
    }
    match suffix(path) {
        Some(_) => write(page, path),
        None => adding()
            .open(path)
            .map(drop)
            .at("write the summary to", path),
    }
}

fn adding() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    options
}

fn suffix(path: &Path) -> Option<&str> {
    path.extension().and_then(|suffix| suffix.to_str())
}

impl Page for Report {
    fn markdown(&self) -> String {
        markdown::report(self)
    }
}

impl Page for PlanPage<'_> {
    fn markdown(&self) -> String {
        markdown::plan(self.plan, self.failures)
    }
}
