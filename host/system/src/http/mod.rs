//! HTTP rules that all protocols share: bounded answers and lists, pages,
//! redirects, `Retry-After`, and where plain HTTP will do.
//!
//! Registries, release APIs, npm and downloads each have their own requests and
//! their own errors. What the other side can do to us, though, is the same for
//! all of them, so it is decided here: it may be slow, large, endless, or send
//! us somewhere else.

pub mod body;
pub mod client;
pub mod link;
pub mod pages;
mod rate;
pub mod redirect;
mod retry_after;

pub use bakehouse_core::loopback::{is_loopback, is_private};
pub use rate::Rate;
pub use retry_after::retry_after;
