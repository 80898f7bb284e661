//! An image of upstream's own: which platforms it has.

use bakehouse_upstream::release::ReleaseError;

use super::Look;
use crate::new::error::NewError;
use crate::new::wanted::Wanted;

/// Tells which platforms the newest image has, and which it lacks; nothing is
/// written for it.
pub(in crate::new) async fn image(look: &Look, wanted: &Wanted) -> Result<NewError, NewError> {
    let (_, repository) = wanted.source();
    let reference = match look.newest(&wanted.from, wanted).await {
        Ok((release, _)) => format!("{repository}:{}", release.tag),
        // Images without versions have mostly this.
        Err(NewError::Release(ReleaseError::NothingCounts(_))) => format!("{repository}:latest"),
        Err(error) => return Err(error),
    };
    let has = look.images.platforms(&reference).await?;
    let lacking = wanted
        .platforms
        .iter()
        .filter(|wanted| !has.iter().any(|has| has.runs_on(wanted)));
    Ok(NewError::Image {
        image: reference,
        lacks: lacking.cloned().collect(),
        has,
    })
}
