//! Moving tags that an earlier run left behind.

use anyhow::Result;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::plan::Plan;
use super::publish::{Written, wanted_moves};
use super::run::complete;
use crate::context::Context;

/// Whether a merge of this plan would set a moving tag though nothing is built:
/// a run may have been stopped between a version's tag and the moving ones.
///
/// # Errors
/// When the registry does not answer as it should.
pub async fn any(context: &Context, plan: &Plan) -> Result<bool> {
    let nothing = Written::new();
    let wanted = plan.apps.iter().flat_map(|app| {
        complete(app, &nothing)
            .into_iter()
            .flat_map(|(image, versions)| {
                let moves = wanted_moves(image, &versions, &nothing);
                moves.into_iter().map(move |wanted| (image, wanted))
            })
    });
    let wanted: Vec<_> = wanted.collect();
    let behind: Vec<bool> = futures_util::stream::iter(wanted)
        .map(|(image, wanted)| async move { context.registry.is_behind(image, &wanted).await })
        .buffered(context.registry.parallel())
        .try_collect()
        .await?;
    Ok(behind.contains(&true))
}
