//! `cargo metadata`: the workspace of a crate, and the library in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bakehouse_system::process::{self, RunError};
use bakehouse_system::storage;
use serde::Deserialize;
use tokio::process::Command;

use super::{CrateError, RecipeCrate};

/// Longest that cargo may think about manifests.
const LIMIT: Duration = Duration::from_secs(120);
/// Bytes of a manifest.
const MAX_MANIFEST: u64 = 1 << 20;

/// A workspace, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    packages: Vec<Package>,
    /// Folder of what cargo makes.
    pub(super) target_directory: PathBuf,
    /// Folder of the workspace's manifest.
    pub(super) workspace_root: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
struct Package {
    id: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Debug, Clone, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Package {
    /// Names of its libraries that components can be made from.
    fn cdylibs(&self) -> impl Iterator<Item = &str> {
        let cdylib = |target: &&Target| target.kind.iter().any(|kind| kind == "cdylib");
        let targets = self.targets.iter().filter(cdylib);
        targets.map(|target| target.name.as_str())
    }
}

impl Metadata {
    /// The workspace that a crate is a member of.
    ///
    /// # Errors
    /// What keeps cargo from reading it.
    pub(super) async fn of(krate: &RecipeCrate) -> Result<Self, CrateError> {
        match read(&krate.manifest()).await? {
            Ok(metadata) => Ok(metadata),
            Err(said) => Err(unread(krate, said).await),
        }
    }

    /// The id of the crate's package, which has one cdylib.
    ///
    /// # Errors
    /// Says what is wrong with the crate.
    pub(super) fn package(&self, krate: &RecipeCrate) -> Result<&str, CrateError> {
        let name = || krate.name.clone();
        let package = self
            .member(krate)
            .ok_or_else(|| CrateError::NoPackage { name: name() })?;
        let library = package
            .cdylibs()
            .next()
            .ok_or_else(|| CrateError::NoCdylib { name: name() })?;
        let mut others = self.packages.iter().filter(|other| other.id != package.id);
        match others.find(|other| other.cdylibs().any(|other| other == library)) {
            None => Ok(&package.id),
            Some(other) => Err(CrateError::OneName {
                name: name(),
                other: other.manifest_path.clone(),
                library: library.to_owned(),
            }),
        }
    }

    /// Whether a crate is a member.
    pub(super) fn has(&self, krate: &RecipeCrate) -> bool {
        self.member(krate).is_some()
    }

    fn member(&self, krate: &RecipeCrate) -> Option<&Package> {
        // cargo follows no links, but people's own paths may be written with some.
        let manifest = krate.manifest();
        let real = manifest.canonicalize().ok();
        self.packages.iter().find(|package| {
            package.manifest_path == manifest
                || real.is_some() && package.manifest_path.canonicalize().ok() == real
        })
    }
}

/// The workspace of a manifest, or what cargo has against it.
async fn read(manifest: &Path) -> Result<Result<Metadata, String>, CrateError> {
    let mut command = Command::new("cargo");
    command
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .arg("--manifest-path")
        .arg(manifest)
        .current_dir(manifest.parent().unwrap_or(Path::new(".")));
    let mut said = Vec::new();
    let ended = process::run(command, None, LIMIT, |line| {
        said.push(line.trim().to_owned());
    });
    let ended = ended.await.map_err(|error| cannot("cargo", &error))?;
    if !ended.status.success() {
        return Ok(Err(told(&said)));
    }
    Ok(serde_json::from_str(&ended.stdout).map_err(|error| error.to_string()))
}

/// A program that did not run to its end.
pub(super) fn cannot(program: &'static str, error: &RunError) -> CrateError {
    CrateError::Program {
        program,
        said: error.to_string(),
    }
}

/// What cargo said, as one line.
fn told(said: &[String]) -> String {
    let said: Vec<&str> = said.iter().map(|line| line.as_str()).collect();
    let said = said.join(" ");
    said.trim_start_matches("error: ").to_owned()
}

/// Why cargo does not read a crate: a workspace around it that does not have
/// it, or else what cargo says.
async fn unread(krate: &RecipeCrate, said: String) -> CrateError {
    let name = krate.name.clone();
    if let Some(workspace) = workspace_around(&krate.folder)
        && let Ok(Ok(metadata)) = read(&workspace).await
        && !metadata.has(krate)
    {
        return CrateError::NotMember { name, workspace };
    }
    CrateError::Unread { name, said }
}

/// The manifest of the nearest workspace above a folder.
fn workspace_around(folder: &Path) -> Option<PathBuf> {
    let above = folder.parent()?.ancestors();
    let mut manifests = above.map(|folder| folder.join("Cargo.toml"));
    manifests.find(|path| table(path).is_some_and(|table| table.contains_key("workspace")))
}

/// A manifest, as far as it can be read.
pub(super) fn table(manifest: &Path) -> Option<toml::Table> {
    let text = storage::read_text(manifest, MAX_MANIFEST).ok()?;
    text.parse().ok()
}
