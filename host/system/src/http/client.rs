//! HTTP clients: one user agent, a bounded connect, proxies as in the
//! environment.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

/// The `User-Agent` of each of our requests.
const USER_AGENT: &str = concat!("bakehouse/", env!("CARGO_PKG_VERSION"));

/// Time to connect, TLS included, where nothing else is said.
pub const CONNECT: Duration = Duration::from_secs(15);

/// A client that connects within this time, and follows no redirect by itself:
/// what may go along is decided by [`redirect`](super::redirect).
pub fn builder(connect: Duration) -> ClientBuilder {
    Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(connect)
        .redirect(Policy::none())
}
