//! Reporters of progress: bars on a terminal, groups in a GitHub Actions job,
//! lines elsewhere; and the logs of a run's targets.

mod bars;
mod github;
mod narrow;
mod plain;
mod recorded;

use std::sync::Arc;

pub use bars::Bars;
pub use github::GitHub;
pub use plain::Plain;
pub use recorded::Recorded;

use crate::{ci, printer};
use bakehouse_core::progress::{Reporter, Silent};

/// The reporter that fits where stderr goes.
#[must_use]
pub fn choose(quiet: bool, verbose: bool, progress: bool) -> Arc<dyn Reporter> {
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    if quiet {
        Arc::new(Silent)
    } else if ci::on_github() {
        Arc::new(GitHub::new())
    } else if progress && !verbose && !ci && printer::draws() {
        Arc::new(Bars::new())
    } else {
        Arc::new(Plain::new(verbose))
    }
}
