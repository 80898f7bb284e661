//! Names of the files of releases: patterns for them, architectures in them, and
//! files of checksums; and of the images that they are put on.
//!
//! The recipe that puts upstream's binaries into images picks files with it, and
//! `bakehouse new` writes for that recipe what picks the same files.

mod architecture;
mod checksum;
mod packed;
mod pattern;
mod repository;

pub use architecture::architecture_names;
pub use checksum::find as checksum;
pub use packed::is_packed;
pub use pattern::{Facts, Pattern};
pub use repository::repository;
