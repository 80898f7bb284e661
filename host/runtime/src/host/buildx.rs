//! `bakehouse:recipe/buildx`: `compile`.

use std::sync::Arc;
use std::time::Duration;

use bakehouse_builder::{BuildRequest, Output};
use bakehouse_core::grants::Access;
use bakehouse_core::recipe::Build;
use bakehouse_system::work_tree::WorkTree;

use super::error::HostError;
use crate::state::{State, bounded};
use crate::validate_build;

const LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

impl State {
    /// Runs a compile step, and exports its files to `into`.
    pub(crate) async fn run_compile_step(
        &mut self,
        build: Build,
        into: &str,
    ) -> Result<(), HostError> {
        let prepare = self.prepare("buildx.compile")?;
        validate_build::build(&self.policy, prepare, &build)?;
        let quota = self.limits.quota();
        let room = quota.measure(prepare.tree()).await?;
        let tree = WorkTree::open(prepare.tree())?;
        let into = tree.resolve(into)?;
        if into == tree.root() {
            return Err(HostError::IntoRoot);
        }
        let request = BuildRequest {
            target: prepare.target.clone(),
            work_tree: tree.root().to_owned(),
            build,
            access: Access::new(Arc::clone(&self.policy), prepare.bases()),
            output: Output::Files(into),
            room,
            provenance: false,
            created: prepare.created.clone(),
        };
        let builder = self.services.builder.clone();
        let compile = async {
            builder.build(&request).await?;
            Ok::<_, HostError>(quota.measure(tree.root()).await?)
        };
        match bounded("the compile step", LIMIT, compile).await {
            Ok(_) => Ok(()),
            Err(HostError::Timeout { limit, .. }) => Err(HostError::SlowCompile(limit)),
            Err(error) => Err(error),
        }
    }
}
