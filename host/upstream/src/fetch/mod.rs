//! Verified downloads into a work tree.
//!
//! A download is streamed into the cache folder, verified, and only then placed
//! in the work tree, all of it or nothing. Files whose integrity is known stay
//! in the cache and are verified again at every use.

mod cache;
mod download;
mod error;
mod fetcher;
mod integrity;
mod route;

pub use download::{Download, Downloaded, Unpack};
pub use error::FetchError;
pub use fetcher::Fetcher;
pub use integrity::IntegrityError;
pub use route::{Decide, Route};
