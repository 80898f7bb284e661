//! Verified downloads into a work tree.

mod fetcher;
mod integrity;
mod unpack;

pub use fetcher::{Download, Downloaded, Fetcher};
pub(crate) use fetcher::{show, transport};
pub use integrity::Integrity;
pub use unpack::Unpack;
