//! `bakehouse:recipe/buildx`: `compile`.

use std::path::Path;
use std::time::Duration;

use crate::buildx::{BuildRequest, Output};
use crate::plugin::bindings::bakehouse::recipe::buildx::Host;
use crate::plugin::bindings::bakehouse::recipe::types::Build;
use crate::plugin::state::{State, bounded};
use crate::plugin::validate;
use crate::recipe::CallError;
use crate::work_tree::WorkTree;

const LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

impl Host for State {
    async fn compile(&mut self, build: Build, into: String) -> Result<(), CallError> {
        let prepare = self.prepare("buildx.compile")?;
        let build: crate::recipe::Build = build.try_into()?;
        validate::build(&self.app, &self.grants, Some(prepare), &build)?;
        let tree = prepare.tree();
        let into = WorkTree::new(tree).resolve(&into)?;
        if into == tree {
            return Err(CallError::InvalidInput(
                "`into` must name a folder in the work tree".to_owned(),
            ));
        }
        // Beside the work tree, so that a failed build leaves nothing in it.
        let staging = tempfile::tempdir_in(tree.parent().unwrap_or(tree)).map_err(disk)?;
        let request = BuildRequest {
            target: prepare.target.clone(),
            work_tree: tree.to_owned(),
            build,
            output: Output::Files(staging.path().join("out")),
            provenance: false,
            epoch: prepare.epoch,
        };
        let builder = self.services.builder.clone();
        bounded("the compile step", LIMIT, builder.build(&request)).await?;
        place(&staging.path().join("out"), &into).map_err(disk)
    }
}

fn place(from: &Path, into: &Path) -> std::io::Result<()> {
    if let Ok(old) = into.symlink_metadata() {
        if old.is_dir() {
            std::fs::remove_dir_all(into)?;
        } else {
            std::fs::remove_file(into)?;
        }
    }
    if let Some(parent) = into.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::rename(from, into)
}

#[expect(clippy::needless_pass_by_value, reason = "used as a map_err function")]
fn disk(error: std::io::Error) -> CallError {
    CallError::Other(format!("cannot write compiled files: {error}"))
}
