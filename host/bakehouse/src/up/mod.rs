//! Set-up of a machine that builds: engine, buildx and emulators, where they are
//! missing and may be set up.
//!
//! [`look`](look()) finds out what there is, [`plan`](plan()) decides by that alone,
//! and [`Work`] does it. What is unpacked and started lies in one folder of the
//! user's ([`Home`]), with a record of it ([`Record`]), by which later commands
//! find it and `bakehouse down` stops it.
//!
//! Programs are Debian's: apt holds them to what Debian has signed. On other
//! systems the user is told what to install.

mod apt;
mod emulator;
mod engine;
mod error;
mod home;
mod look;
mod plan;
mod process;
mod record;
mod work;

pub use emulator::Emulator;
pub use error::{Missing, UpError};
pub use home::Home;
pub use look::{Found, look};
pub use plan::{Part, Step, Verdict, plan};
pub use record::{Record, set_up};
pub use work::Work;
