//! The first request to a registry: whether anything answers there.

use std::time::{Duration, SystemTime};

use bakehouse_system::http::{HttpError, client, server_time};
use reqwest::header::DATE;

use super::endpoint::Endpoint;

impl Endpoint {
    /// Asks for `/v2/` (distribution-spec v1.1, "end-1"), once, within a time and
    /// without a login. Any answer will do, a refusal too. The server's time, where
    /// it tells.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn greet(&self, limit: Duration) -> Result<Option<SystemTime>, HttpError> {
        let scheme = match self.plain_http() {
            true => "http",
            false => "https",
        };
        let url = format!("{scheme}://{}/v2/", self.server());
        let mut http = client::builder(limit).timeout(limit);
        if self.plain_http() {
            // As every other request to it.
            http = http.no_proxy();
        }
        let answer = http.build()?.get(url).send().await;
        let answer = answer.map_err(|error| match self.plain_http() {
            true => HttpError::Connection(error.without_url()),
            false => error.into(),
        })?;
        let headers = answer.headers();
        Ok(headers.contains_key(DATE).then(|| server_time(headers)))
    }
}
