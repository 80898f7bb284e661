//! Stages 1 and 2 of several apps, one into the other: an app is checked as soon as it
//! is discovered, while upstreams that are slower let others wait.

use anyhow::Result;
use bakehouse_core::recipe::App;
use tokio::sync::mpsc;

use super::check::{self, Failed};
use super::discover::{self, Discovered};
use super::plan::Plan;
use crate::context::Context;

/// The newest versions of apps, against what the registry has.
pub struct Survey {
    /// Apps whose recipe could be loaded, each with the templates of its moving tags.
    pub loaded: Vec<(App, Vec<String>)>,
    /// Apps that were discovered.
    pub discovered: Vec<Discovered>,
    /// Apps that were not, and versions that cannot be published.
    pub failed: Failed,
    /// The plan of those that were, and what could not be checked; an error where the
    /// registry cannot be reached at all.
    pub checked: Result<(Plan, Failed)>,
}

/// Discovers and checks these apps, all of them when none is named.
///
/// # Errors
/// When `apps/` cannot be read, or has no app of a name.
pub async fn survey(context: &Context, apps: &[String]) -> Result<Survey> {
    discover::look_ahead(context);
    let loaded = discover::load_all(context, apps).await?;
    let apps = loaded.iter().filter_map(|(_, app)| {
        let (file, _, app) = app.as_ref().ok()?;
        Some((app.clone(), file.tags.moving.clone()))
    });
    let apps = apps.collect();
    let expected = loaded.iter().filter(|(_, app)| app.is_ok()).count();
    let (tell, found) = mpsc::unbounded_channel();
    let discovering = async move {
        let discovered = discover::newest(context, loaded, |found| {
            // Nobody listens any more where the registry cannot be reached.
            let _ = tell.send(found.clone());
        });
        discovered.await
    };
    let checking = check::as_they_come(context, found, expected);
    let (discovered, checked) = tokio::join!(discovering, checking);
    let (discovered, failed) = discovered?;
    let checked = checked.map(|mut looked| {
        // By name, as the apps are.
        looked.sort_by(|(one, _), (other, _)| one.cmp(other));
        check::planned(context, looked)
    });
    Ok(Survey {
        loaded: apps,
        discovered,
        failed,
        checked,
    })
}
