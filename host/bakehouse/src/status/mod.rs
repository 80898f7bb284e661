//! The state of what a project publishes, against what upstream has: for who
//! operates it, and for who pulls its images.
//!
//! [`look()`] asks the registry for what a plan does not have, and
//! [`look_without_upstream`] for apps that are in none; [`Status::new`] puts plan,
//! registry and history together, as pure data; the others show it.

mod against;
mod badge;
mod lag;
mod look;
mod markdown;
mod model;
mod page;
mod shields;
mod site;
mod totals;
mod words;

pub use against::{Against, against};
pub use badge::badge;
pub use look::{Seen, SeenImage, Undiscovered, look, look_without_upstream};
pub use markdown::markdown;
pub use model::{
    AppStatus, Facts, Failing, ImageStatus, Lag, Next, PlatformStatus, Shown, State, Status,
    TagStatus, Upstream, VersionStatus,
};
pub use page::page;
pub use shields::Shields;
pub use site::write;
pub use totals::Totals;
pub use words::ToldFailing;
