//! Verified downloads into a work tree.
//!
//! A download is streamed into the cache folder, verified, and only then placed
//! in the work tree, all of it or nothing. Files whose integrity is known stay
//! in the cache and are verified again at every use.

mod cache;
mod download;
mod fetcher;
pub(crate) mod http;
mod integrity;
pub(crate) mod place;
mod route;
pub(crate) mod unpack;

pub use download::{Download, Downloaded, Unpack};
pub use fetcher::Fetcher;
pub use http::client;
pub use route::{Decide, Route};
pub(crate) use unpack::for_fuzzing as unpack_for_fuzzing;
