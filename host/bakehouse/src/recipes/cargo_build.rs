//! `cargo build` of components.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bakehouse_system::process;
use serde::Deserialize;
use tokio::process::Command;

use super::CrateError;
use super::metadata::{Metadata, cannot, table};
use super::wasm_toolchain::{TARGET, WasmToolchain};

/// Profile of recipes, small first. A workspace may have one of its own.
const PROFILE: &str = "recipe";
/// What it is where a workspace has none.
const SETTINGS: &[&str] = &[
    "inherits=\"release\"",
    "opt-level=\"s\"",
    "lto=true",
    "codegen-units=1",
    "panic=\"abort\"",
    "strip=true",
];
/// Folder below cargo's own: another compiler than the program's may be at work
/// there.
const FOLDER: &str = "recipes";
/// Longest that a build may take.
const LIMIT: Duration = Duration::from_secs(3600);

/// What cargo made.
#[derive(Debug, Default)]
pub(super) struct Artifacts {
    /// Components, by the id of their package.
    pub(super) components: BTreeMap<String, PathBuf>,
    /// Everything was made. Else cargo writes no lists of sources, and old ones
    /// may lie there.
    pub(super) whole: bool,
}

#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact(Artifact),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Artifact {
    package_id: String,
    filenames: Vec<PathBuf>,
}

/// Builds packages of a workspace. Where one does not compile, the others are
/// built all the same.
///
/// # Errors
/// When cargo cannot be run.
pub(super) async fn cargo_build(
    metadata: &Metadata,
    packages: &[&str],
    toolchain: &WasmToolchain,
    locked: bool,
    on_line: &mut (dyn FnMut(&str) + Send),
) -> Result<Artifacts, CrateError> {
    let mut command = Command::new("cargo");
    command
        .args(["build", "--lib", "--keep-going"])
        .args(["--message-format", "json-render-diagnostics"])
        .args(["--target", TARGET, "--profile", PROFILE])
        .arg("--manifest-path")
        .arg(metadata.workspace_root.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(metadata.target_directory.join(FOLDER))
        .args(packages.iter().flat_map(|id| ["--package", id]))
        .current_dir(&metadata.workspace_root);
    if locked {
        command.arg("--locked");
    }
    if !has_profile(metadata) {
        let settings = SETTINGS.iter();
        command.args(settings.flat_map(|setting| {
            [
                "--config".to_owned(),
                format!("profile.{PROFILE}.{setting}"),
            ]
        }));
    }
    toolchain.apply(&mut command);
    let ended = process::run(command, None, LIMIT, on_line).await;
    let ended = ended.map_err(|error| cannot("cargo", &error))?;
    let mut made = Artifacts {
        whole: ended.status.success(),
        ..Artifacts::default()
    };
    let messages = ended.stdout.lines();
    for message in messages.filter_map(|line| serde_json::from_str(line).ok()) {
        if let Message::CompilerArtifact(artifact) = message
            && let Some(component) = component(artifact.filenames)
        {
            made.components.insert(artifact.package_id, component);
        }
    }
    Ok(made)
}

fn has_profile(metadata: &Metadata) -> bool {
    let manifest = table(&metadata.workspace_root.join("Cargo.toml"));
    let profiles = manifest.as_ref().and_then(|table| table.get("profile"));
    profiles.is_some_and(|profiles| profiles.get(PROFILE).is_some())
}

fn component(files: Vec<PathBuf>) -> Option<PathBuf> {
    let mut files = files.into_iter();
    files.find(|path| path.extension().is_some_and(|end| end == "wasm"))
}
