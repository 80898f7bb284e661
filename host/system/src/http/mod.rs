//! HTTP as all protocols speak it: clients, retries and back-off, `Retry-After`,
//! redirects, bounded answers and lists, and where plain HTTP will do.
//!
//! Registries, release APIs, npm and downloads each have their own requests.
//! What the other side can do to us, though, is the same for all of them, so it
//! is decided here: it may be slow, large, endless, busy, or send us somewhere
//! else.

pub mod body;
pub mod client;
pub mod environment;
mod error;
pub mod link;
pub mod page;
pub mod pages;
mod rate;
pub mod redirect;
pub mod request;
pub mod retry;
mod retry_after;
mod set_up_error;

pub use bakehouse_core::loopback::{is_loopback, is_private};
pub use environment::Proxy;
pub use error::{HttpError, is_of_server};
pub use rate::{Rate, TooSlow};
pub use retry_after::{retry_after, server_time};
pub use set_up_error::SetUpError;
