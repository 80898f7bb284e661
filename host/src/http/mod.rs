//! HTTP rules that all protocols share: bounded answers and lists, pages,
//! redirects, `Retry-After`, and where plain HTTP will do.
//!
//! Registries, release APIs, npm and downloads each have their own requests and
//! their own errors. What the other side can do to us, though, is the same for
//! all of them, so it is decided here: it may be slow, large, endless, or send
//! us somewhere else.

pub(crate) mod body;
pub(crate) mod link;
mod loopback;
pub(crate) mod pages;
mod rate;
pub(crate) mod redirect;
mod retry_after;

pub(crate) use loopback::{is_loopback, is_private};
pub(crate) use rate::Rate;
pub(crate) use retry_after::retry_after;
