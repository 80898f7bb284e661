//! An answer of a registry.

use std::time::Duration;

use bakehouse_core::reference_grammar::is_digest;
use bakehouse_system::http::body::{self, Bounds};
use bakehouse_system::http::page;
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, LOCATION};
use reqwest::{Response, StatusCode};
use url::Url;

use super::{RetryPolicy, TransportError};

/// `Docker-Content-Digest` (distribution-spec v1.1, "Pulling manifests").
const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// The bytes that may be answered within [`RetryPolicy::whole`]; in each second
/// after that it is `SLOWEST` more.
const USUAL: u64 = 8 << 20;
const SLOWEST: u64 = 256 << 10;

/// A successful answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    url: Url,
}

impl Answer {
    /// Reads an answer; more than `limit` bytes are an error, and so is more
    /// time than the policy has for a whole answer.
    pub(super) async fn read(
        mut response: Response,
        policy: &RetryPolicy,
        limit: u64,
    ) -> Result<Self, TransportError> {
        let bounds = Bounds {
            bytes: limit,
            silence: policy.silence,
            // A piece of a blob may be larger than a manifest, and takes longer.
            whole: policy.whole + Duration::from_secs(limit.saturating_sub(USUAL) / SLOWEST),
        };
        let body = body::read(&mut response, bounds).await?;
        Ok(Self {
            body,
            ..Self::unread(response)
        })
    }

    /// An answer whose body is of no interest, and is not read.
    pub(super) fn unread(mut response: Response) -> Self {
        Self {
            status: response.status(),
            url: response.url().clone(),
            headers: std::mem::take(response.headers_mut()),
            body: Bytes::new(),
        }
    }

    /// The URL that it came from, after redirects.
    pub(crate) const fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn text(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The digest that the registry claims; none where that is no digest of a
    /// kind that can be verified.
    pub(crate) fn digest(&self) -> Option<&str> {
        self.text(&DIGEST).filter(|text| is_digest(text))
    }

    /// Refuses a page for people, which is no answer whatever its status says.
    pub(crate) fn no_page(&self) -> Result<(), TransportError> {
        match page::is_page(&self.body) {
            true => Err(TransportError::Page(page::title(&self.body))),
            false => Ok(()),
        }
    }

    /// `Location`, relative to what was asked.
    pub(crate) fn location(&self) -> Result<Url, TransportError> {
        let Some(text) = self.text(&LOCATION) else {
            return Err(self
                .no_page()
                .err()
                .unwrap_or_else(|| TransportError::Location("it gave no Location".to_owned())));
        };
        self.url.join(text).map_err(|error| {
            TransportError::Location(format!("its Location is malformed: {error}"))
        })
    }
}
