//! Building crates into components.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::cargo_build::{Artifacts, cargo_build};
use super::metadata::Metadata;
use super::wasm_toolchain::WasmToolchain;
use super::{CrateError, RecipeCrate, kept};

/// Lines of cargo's that an error shows.
const SHOWN: usize = 60;

/// How crates are built.
pub struct BuildOptions<'a> {
    /// `Cargo.lock` is taken as it is.
    pub locked: bool,
    /// Told of each line that cargo writes; none: errors have the last ones.
    pub lines: Option<&'a (dyn Fn(&str) + Sync)>,
    /// Told of what takes a while, in a line.
    pub say: &'a (dyn Fn(&str) + Sync),
}

/// A component that was made, or is as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
}

/// Builds crates, each apart from the others as far as the result goes; in the
/// order they are given.
pub async fn build(
    crates: &[RecipeCrate],
    options: &BuildOptions<'_>,
) -> Vec<(RecipeCrate, Result<Built, CrateError>)> {
    let mut left: VecDeque<RecipeCrate> = crates.to_vec().into();
    let mut done = Vec::new();
    while let Some(first) = left.pop_front() {
        let metadata = match Metadata::of(&first).await {
            Ok(metadata) => metadata,
            Err(error) => {
                done.push((first, Err(error)));
                continue;
            }
        };
        let mut together = vec![first];
        let (same, others) = left
            .into_iter()
            .partition::<Vec<_>, _>(|krate| metadata.has(krate));
        together.extend(same);
        left = others.into();
        done.extend(in_workspace(&metadata, together, options).await);
    }
    let place = |krate: &RecipeCrate| crates.iter().position(|other| other == krate);
    done.sort_by_key(|(krate, _)| place(krate));
    done
}

/// Builds crates of one workspace.
async fn in_workspace(
    metadata: &Metadata,
    crates: Vec<RecipeCrate>,
    options: &BuildOptions<'_>,
) -> Vec<(RecipeCrate, Result<Built, CrateError>)> {
    let begun = SystemTime::now();
    let chosen: Vec<_> = crates
        .into_iter()
        .map(|krate| {
            let package = metadata.package(&krate).map(str::to_owned);
            (krate, package)
        })
        .collect();
    let packages: Vec<&str> = chosen
        .iter()
        .filter_map(|(_, package)| package.as_deref().ok())
        .collect();
    let mut tail = VecDeque::new();
    let made = match packages.as_slice() {
        [] => Ok(Artifacts::default()),
        packages => compile(metadata, packages, options, &mut tail).await,
    };
    let said = Vec::from(tail).join("\n");
    let result = |krate: &RecipeCrate, package: Result<String, CrateError>| {
        let id = package?;
        let made = made.as_ref().map_err(Clone::clone)?;
        let file = made.components.get(&id).ok_or_else(|| CrateError::Failed {
            name: krate.name.clone(),
            said: said.clone(),
        })?;
        take(metadata, krate, file, made.whole.then_some(begun))
    };
    let results = chosen.into_iter().map(|(krate, package)| {
        let result = result(&krate, package);
        (krate, result)
    });
    results.collect()
}

async fn compile(
    metadata: &Metadata,
    packages: &[&str],
    options: &BuildOptions<'_>,
    tail: &mut VecDeque<String>,
) -> Result<Artifacts, CrateError> {
    let toolchain = WasmToolchain::find(&metadata.workspace_root, options.say).await?;
    let mut on_line = |line: &str| match options.lines {
        Some(show) => show(line),
        None => {
            if tail.len() == SHOWN {
                tail.pop_front();
            }
            tail.push_back(line.to_owned());
        }
    };
    cargo_build(metadata, packages, &toolchain, options.locked, &mut on_line).await
}

/// Keeps a component where apps find it.
fn take(
    metadata: &Metadata,
    krate: &RecipeCrate,
    made: &std::path::Path,
    begun: Option<SystemTime>,
) -> Result<Built, CrateError> {
    let Some(component) = &krate.component else {
        return Ok(Built {
            path: made.to_owned(),
            size: made.metadata().map_or(0, |meta| meta.len()),
        });
    };
    let kept = kept::keep(made, component, metadata, krate.manifest(), begun);
    Ok(Built {
        path: component.clone(),
        size: kept.map_err(Arc::new)?,
    })
}
