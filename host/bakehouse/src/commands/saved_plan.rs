//! A plan that `bakehouse plan --save` wrote.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result};
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::storage;

use crate::context::Context;
use crate::failure::{ExitCode, Failure};
use crate::pipeline::admission::admit;
use crate::pipeline::plan::Plan;

/// Bytes of a plan; that of a hundred apps has a fiftieth.
const MAX: u64 = 64 << 20;

/// Reads a plan; what it says is not believed before [`hold`].
///
/// # Errors
/// [`ExitCode::Config`] when it is none, [`ExitCode::Storage`] when the system
/// refuses.
pub(super) fn read(path: &Path) -> Result<Plan> {
    let bytes = match storage::read(path, MAX) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(StorageError::new("read", path, error).into());
        }
        read => read.with_context(|| failure(path, "cannot be read"))?,
    };
    let plan: Plan = serde_json::from_slice(&bytes)
        .map_err(|error| failure(path, &format!("is not a plan: {error}")))?;
    if let Some(fault) = plan.schema.fault() {
        let why = format!("has {fault}");
        return Err(failure(path, &why).into());
    }
    Ok(plan)
}

/// Holds a plan to the destination, and to the project's own files.
///
/// # Errors
/// [`ExitCode::Config`] when it is another's.
pub(super) fn hold(context: &Context, path: &Path, plan: &mut Plan) -> Result<()> {
    let target = context.registry.endpoint().to_string();
    let namespace = &context.settings.namespace;
    if plan.registry != target || plan.namespace != *namespace {
        let of = format!("{}/{}", plan.registry, plan.namespace);
        let why = format!("is a plan for {of}, not for {target}/{namespace}");
        return Err(failure(path, &why).into());
    }
    let published = context.settings.scope.platforms();
    admit(&context.project, published, plan).map_err(Failure::from)?;
    Ok(())
}

fn failure(path: &Path, why: &str) -> Failure {
    Failure::new(ExitCode::Config, format!("{} {why}", path.display()))
        .hint("write it with `bakehouse plan --save FILE`, and the same --registry and --namespace")
}
