//! What a registry answered.

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, LOCATION};
use reqwest::{Response, StatusCode};
use url::Url;

use super::{Fault, Policy};

/// `Docker-Content-Digest` (distribution-spec v1.1, "Pulling manifests").
const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// A successful answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    url: Url,
}

impl Answer {
    /// Reads an answer; more than `limit` bytes are an error.
    pub(super) async fn read(
        mut response: Response,
        policy: &Policy,
        limit: u64,
    ) -> Result<Self, Fault> {
        let mut body = Vec::new();
        loop {
            let piece = tokio::time::timeout(policy.silence, response.chunk())
                .await
                .map_err(|_| Fault::Silent(policy.silence))??;
            let Some(piece) = piece else { break };
            body.extend_from_slice(&piece);
            if body.len() as u64 > limit {
                return Err(Fault::Local(format!("the answer is over {limit} bytes")));
            }
        }
        Ok(Self {
            status: response.status(),
            url: response.url().clone(),
            headers: std::mem::take(response.headers_mut()),
            body: body.into(),
        })
    }

    pub(crate) fn text(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The digest that the registry claims.
    pub(crate) fn digest(&self) -> Option<&str> {
        self.text(&DIGEST)
    }

    /// `Location`, relative to what was asked.
    pub(crate) fn location(&self) -> Result<Url, Fault> {
        let text = self
            .text(&LOCATION)
            .ok_or_else(|| Fault::Local("it gave no Location".to_owned()))?;
        self.url
            .join(text)
            .map_err(|error| Fault::Local(format!("its Location is malformed: {error}")))
    }
}
