//! Reporters of progress: a view that is drawn on a terminal, groups in a CI
//! job, lines elsewhere, JSON for programs; and what a run keeps of it.
//!
//! All of them are told the same events.

mod groups;
mod json;
mod live;
mod plain;
mod progress;
mod recorded;
mod retries;
mod tails;
mod told;

use std::sync::Arc;

pub use groups::{Ci, Groups};
pub use json::Json;
pub use live::Live;
pub use plain::Plain;
pub use progress::Progress;
pub use recorded::Recorded;
pub(crate) use retries::likeness;

use crate::printer;
use bakehouse_core::progress::{Reporter, Silent};

/// The reporter that is asked for, or fits where stderr goes.
#[must_use]
pub fn choose(quiet: bool, verbose: bool, progress: Progress) -> Arc<dyn Reporter> {
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    let draws = printer::draws();
    match progress {
        _ if quiet => Arc::new(Silent),
        Progress::Json => Arc::new(Json),
        Progress::Plain => Arc::new(Plain::new(verbose)),
        Progress::Tty if draws => Arc::new(Live::start()),
        Progress::Auto | Progress::Tty => match Ci::of_this_job() {
            Some(job) => Arc::new(Groups::new(job)),
            None if draws && !verbose && !ci => Arc::new(Live::start()),
            None => Arc::new(Plain::new(verbose)),
        },
    }
}
