//! Folders of state: whether they can be written, how large they are, and the
//! room that is left on their disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bakehouse_core::storage_error::{Bytes, StorageError};
use bakehouse_system::storage::{Kind, WalkError, owned, walk};
use rustix::fs::statvfs;
use tempfile::NamedTempFile;

use super::{Check, Finding};
use crate::config::Project;
use crate::failure::{ExitCode, Failure};
use crate::up::Home;

/// Longest that folders are measured; what is counted until then is told.
const MEASURE: Duration = Duration::from_millis(1500);
/// The largest folders are named, so many of them.
const NAMED: usize = 4;
/// Less room than an image's layers take.
const SCARCE: u64 = 5_000_000_000;
/// Less room than most steps take.
const NONE: u64 = 500_000_000;

pub(super) async fn findings(project: &Project) -> Vec<Finding> {
    let project = project.clone();
    let looked = tokio::task::spawn_blocking(move || look(&project)).await;
    looked.unwrap_or_else(|error| vec![Finding::failed(Check::State, anyhow::Error::new(error))])
}

fn look(project: &Project) -> Vec<Finding> {
    let state = project.state();
    let mut folders = vec![project.digests(), state.clone()];
    for folder in [
        project.runs(),
        project.work(),
        project.downloads(),
        project.local_registry(),
    ] {
        // Those that are not there yet are made in the one above.
        if folder.symlink_metadata().is_ok() {
            folders.push(folder);
        }
    }
    let mut findings: Vec<Finding> = folders
        .iter()
        .filter_map(|folder| writable(folder).err())
        .map(|error| Finding::failed(Check::State, Failure::storage(&error)))
        .collect();
    if findings.is_empty() {
        findings.push(Finding::ok(Check::State, sizes(project)));
    }
    findings.extend(room(project.root()));
    findings
}

/// Writes something in a folder, or in the one that it would be made in.
fn writable(folder: &Path) -> Result<(), StorageError> {
    let refused = |error| StorageError::new("write to", folder, error);
    owned(folder)?;
    let mut above = folder.ancestors();
    let there = above.find(|folder| folder.symlink_metadata().is_ok());
    let there = there.unwrap_or(folder);
    if !there.is_dir() {
        return Err(refused(ErrorKind::NotADirectory.into()));
    }
    NamedTempFile::new_in(there).map(drop).map_err(refused)
}

/// The largest folders, with their sizes.
fn sizes(project: &Project) -> String {
    let until = Instant::now() + MEASURE;
    let mut folders: Vec<(String, PathBuf)> = Vec::new();
    let names = std::fs::read_dir(project.state())
        .into_iter()
        .flatten()
        .flatten();
    folders.extend(names.map(|entry| {
        let name = format!(".bakehouse/{}", entry.file_name().to_string_lossy());
        (name, entry.path())
    }));
    folders.push(("digests".to_owned(), project.digests()));
    folders.push(("compiled recipes".to_owned(), project.compile_cache()));
    if let Some(home) = Home::of_user() {
        folders.push((
            home.folder().display().to_string(),
            home.folder().to_owned(),
        ));
    }
    let mut sizes: Vec<(u64, bool, String)> = folders
        .into_iter()
        .map(|(name, path)| {
            let (size, whole) = size(&path, until);
            (size, whole, name)
        })
        .collect();
    sizes.sort_by(|one, two| two.cmp(one));
    let all: u64 = sizes.iter().map(|(size, ..)| size).sum();
    let whole = sizes.iter().all(|(_, whole, _)| *whole);
    let named = sizes.iter().filter(|(size, ..)| *size > 0).take(NAMED);
    let named: Vec<String> = named
        .map(|(size, _, name)| format!("{name} {}", Bytes(*size)))
        .collect();
    let more = if whole { "" } else { "more than " };
    match named.as_slice() {
        [] => "nothing is kept yet".to_owned(),
        named => format!("{more}{}: {}", Bytes(all), named.join(", ")),
    }
}

/// A folder is not measured to its end.
struct Stop;

impl From<WalkError> for Stop {
    fn from(_: WalkError) -> Self {
        Self
    }
}

/// Bytes of a folder, and whether that is all of them.
fn size(folder: &Path, until: Instant) -> (u64, bool) {
    let mut bytes = 0;
    if !folder.is_dir() {
        return (folder.symlink_metadata().map_or(0, |meta| meta.len()), true);
    }
    let measured = walk(folder, |entry| {
        if entry.kind == Kind::File {
            bytes += entry.size();
        }
        match Instant::now() < until {
            true => Ok(()),
            false => Err(Stop),
        }
    });
    (bytes, measured.is_ok())
}

/// The room on a folder's disk.
fn room(folder: &Path) -> Option<Finding> {
    let stat = statvfs(folder).ok()?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let size = stat.f_blocks.saturating_mul(stat.f_frsize);
    let found = format!(
        "{} free of {} at {}",
        Bytes(free),
        Bytes(size),
        folder.display()
    );
    let fix =
        "free space: `docker buildx prune`, `docker image prune`, and `keep` in bakehouse.toml";
    Some(match free {
        free if free < NONE => Finding::problem(Check::Disk, ExitCode::Storage, found, fix),
        free if free < SCARCE => Finding::warning(Check::Disk, found, fix),
        _ => Finding::ok(Check::Disk, found),
    })
}
