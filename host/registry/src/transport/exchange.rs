//! Sending requests.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bakehouse_core::loopback::is_private;
use bakehouse_core::progress::{Event, Reporter};
use bakehouse_system::docker::credentials::Credentials;
use bakehouse_system::http::redirect::{self, RedirectError, Redirects};
use bakehouse_system::http::{client, retry_after};
use oci_spec::image::Digest;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue, WARNING};
use reqwest::{Body, Client, RequestBuilder, Response, StatusCode};
use tokio::sync::Semaphore;
use url::Url;

use super::error_body::{ErrorBody, shorten};
use super::login::Login;
use super::login_error::LoginError;
use super::{Answer, Outgoing, Request, RetryPolicy, TransportError};
use crate::Endpoint;
use crate::digest;

/// Longest error body that is read.
const ERROR_LIMIT: u64 = 1 << 20;

/// Different warnings of, and about, one registry that are told.
const MAX_WARNINGS: usize = 20;

/// Sends requests to one registry. Clones share connections, tokens and counts.
#[derive(Clone)]
pub(crate) struct Transport {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    base: Url,
    login: Login,
    policy: RetryPolicy,
    permits: Semaphore,
    reporter: Arc<dyn Reporter>,
    retries: AtomicU32,
    /// The name by which people call the registry.
    name: String,
    /// Warnings that were told.
    told: Mutex<HashSet<String>>,
}

impl Transport {
    pub(crate) fn new(
        endpoint: &Endpoint,
        credentials: Arc<dyn Credentials>,
        policy: RetryPolicy,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Self, TransportError> {
        let plain_http = endpoint.plain_http();
        let scheme = if plain_http { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{}/v2/", endpoint.server()))
            .map_err(|error| TransportError::Request(error.to_string()))?;
        // Redirects are followed here, where it is known what may go along.
        let mut client = client::builder(policy.connect);
        if plain_http {
            // Certificates take longer to load than a registry to answer.
            client = client.tls_certs_only([]).no_proxy();
        }
        Ok(Self {
            inner: Arc::new(Inner {
                client: client.build()?,
                base,
                login: Login::new(credentials, plain_http),
                permits: Semaphore::new(policy.parallel.max(1)),
                policy,
                reporter,
                retries: AtomicU32::new(0),
                name: endpoint.to_string(),
                told: Mutex::default(),
            }),
        })
    }

    pub(crate) fn policy(&self) -> &RetryPolicy {
        &self.inner.policy
    }

    /// Requests that were repeated so far.
    pub(crate) fn retries(&self) -> u32 {
        self.inner.retries.load(Ordering::Relaxed)
    }

    /// The address of something below `/v2/`.
    pub(crate) fn url(&self, path: &str) -> Result<Url, TransportError> {
        self.inner
            .base
            .join(path)
            .map_err(|error| TransportError::Request(format!("{path}: {error}")))
    }

    /// The URL at which an upload is to go on. A registry behind a proxy may know
    /// itself by another scheme, name or port: a location that names this path in
    /// its `/v2/` is there all the same. Elsewhere an upload goes encrypted, and
    /// without credentials.
    ///
    /// # Errors
    /// When others could read or change what is sent.
    pub(crate) fn upload(&self, location: Url, path: &str) -> Result<Url, TransportError> {
        let base = &self.inner.base;
        if location.origin() == base.origin() {
            return Ok(location);
        }
        let own = location
            .path()
            .find(path)
            .map(|start| &location.path()[start..]);
        let same_host = location.host() == base.host() && location.scheme() == "http";
        if let Some(path) = own.or(same_host.then_some(location.path())) {
            let mut url = base.clone();
            url.set_path(path);
            url.set_query(location.query());
            return Ok(url);
        }
        let open = location.scheme() == "https" || base.scheme() == "http" && is_private(&location);
        match open {
            true => Ok(location),
            false => Err(RedirectError::Downgrade(redirect::origin(&location)).into()),
        }
    }

    /// Sends a request that is safe to repeat, and repeats it while that may
    /// help.
    pub(crate) async fn send(&self, request: &Request<'_>) -> Result<Answer, TransportError> {
        let mut attempt = 1;
        loop {
            let error = match self.once(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let awaited = request.must_exist && error.is_absent();
            self.pause(request.what, error, attempt, awaited).await?;
            attempt += 1;
        }
    }

    /// The same, until the answer's bytes have the expected digest: the one
    /// given, or the one in its headers.
    pub(crate) async fn verified(
        &self,
        request: &Request<'_>,
        expected: Option<&str>,
    ) -> Result<(Answer, Digest), TransportError> {
        let mut attempt = 1;
        loop {
            let answer = self.send(request).await?;
            let verified = digest::verify(&answer.body, expected.or(answer.digest()));
            let error = match verified {
                Ok(digest) => return Ok((answer, digest)),
                Err(mismatch) => mismatch.into(),
            };
            self.pause(request.what, error, attempt, true).await?;
            attempt += 1;
        }
    }

    /// Waits before another try, and counts it.
    ///
    /// # Errors
    /// The error itself, where another try would not help or none is left.
    pub(crate) async fn pause(
        &self,
        what: &str,
        error: TransportError,
        attempt: u32,
        transient: bool,
    ) -> Result<(), TransportError> {
        let worth_it = transient || error.is_transient();
        let pause = worth_it.then(|| self.inner.policy.pause(attempt, error.retry_after()));
        let Some(after) = pause.flatten() else {
            return Err(error);
        };
        self.inner.retries.fetch_add(1, Ordering::Relaxed);
        self.inner.reporter.report(Event::Retry {
            what: &format!("{what}: {error}"),
            after,
        });
        tokio::time::sleep(after).await;
        Ok(())
    }

    /// Sends a request once; again only where the registry wants to know first
    /// who we are.
    pub(crate) async fn once(&self, request: &Request<'_>) -> Result<Answer, TransportError> {
        let policy = &self.inner.policy;
        let limit = policy.connect + policy.answer;
        // Once to learn how to log in, once where the token is no longer taken.
        let (mut asked, mut renewed) = (false, false);
        let (mut at, mut redirects) = (request.url.clone(), Redirects::default());
        loop {
            let _permit = self.inner.permits.acquire().await;
            let (builder, sent) = self.authorized(request, &at).await?;
            let sending = builder.body(request.body.clone()).send();
            let sent_off = match tokio::time::timeout(limit, sending).await {
                Ok(answered) => answered.map_err(TransportError::from),
                Err(_) => Err(TransportError::Silent(limit)),
            };
            let response = sent_off.map_err(|error| away(&request.url, &at, error))?;
            let (status, headers) = (response.status(), response.headers());
            if let Some(to) = redirects.next(&request.method, &at, status, headers)? {
                at = to;
                continue;
            }
            if status == StatusCode::UNAUTHORIZED && self.is_own(&at) {
                let done = if sent.is_some() {
                    &mut renewed
                } else {
                    &mut asked
                };
                let again = !std::mem::replace(done, true);
                let login = &self.inner.login;
                if again && login.refused(headers, &request.scope, sent.as_ref()).await {
                    continue;
                }
            }
            return self.answer(response, request.limit).await;
        }
    }

    /// Sends a request whose body comes from a stream, once.
    pub(crate) async fn stream(
        &self,
        request: &Request<'_>,
        body: Outgoing,
    ) -> Result<Answer, TransportError> {
        let _permit = self.inner.permits.acquire().await;
        let (builder, sent) = self.authorized(request, &request.url).await?;
        let progress = Arc::clone(&body.progress);
        let sending = builder
            .header(CONTENT_LENGTH, body.size)
            .body(Body::wrap_stream(body.stream))
            .send();
        let silence = self.inner.policy.silence;
        let response = tokio::select! {
            response = sending => response?,
            () = progress.ceased(silence) => return Err(TransportError::Silent(silence)),
        };
        let (status, headers) = (response.status(), response.headers());
        if redirect::next(&request.method, &request.url, status, headers)?.is_some() {
            // The stream is used up.
            return Err(RedirectError::Rewritten(status).into());
        }
        if status == StatusCode::UNAUTHORIZED && self.is_own(&request.url) {
            let login = &self.inner.login;
            if login.refused(headers, &request.scope, sent.as_ref()).await {
                return Err(LoginError::Expired.into());
            }
        }
        self.answer(response, request.limit).await
    }

    /// Whether an address is the registry's own: what it says there of logging
    /// in counts, and credentials go nowhere else.
    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.inner.base.origin()
    }

    /// The request, sent to this address, with credentials where that is the
    /// registry: an upload or a redirect may lead elsewhere.
    async fn authorized(
        &self,
        request: &Request<'_>,
        at: &Url,
    ) -> Result<(RequestBuilder, Option<HeaderValue>), TransportError> {
        let Inner {
            client,
            login,
            policy,
            ..
        } = &*self.inner;
        let mut builder = client
            .request(request.method.clone(), at.clone())
            .headers(request.headers.clone());
        let mut sent = None;
        if self.is_own(at) {
            sent = login.authorization(client, policy, &request.scope).await?;
            builder = match &sent {
                Some(value) => builder.header(AUTHORIZATION, value.clone()),
                None => builder,
            };
        }
        Ok((builder, sent))
    }

    /// Tells what the registry warns of (distribution-spec v1.1, "Warnings"),
    /// each thing once.
    fn warn(&self, headers: &HeaderMap) {
        for text in warnings(headers) {
            self.tell(format!("{}: {text}", self.inner.name));
        }
    }

    /// Tells of something odd in the registry, each thing once.
    pub(crate) fn tell(&self, message: String) {
        let inner = &self.inner;
        let mut told = inner.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MAX_WARNINGS && !told.contains(&message) {
            inner.reporter.report(Event::Warning { message: &message });
            told.insert(message);
        }
    }

    async fn answer(
        &self,
        response: Response,
        limit: Option<u64>,
    ) -> Result<Answer, TransportError> {
        let policy = &self.inner.policy;
        self.warn(response.headers());
        if response.status().is_success() {
            return match limit {
                Some(limit) => Answer::read(response, policy, limit).await,
                None => Ok(Answer::unread(response)),
            };
        }
        let status = response.status();
        let retry_after = retry_after(response.headers(), SystemTime::now());
        // What it says is a courtesy; the status counts.
        let body = match Answer::read(response, policy, ERROR_LIMIT).await {
            Ok(answer) => ErrorBody::parse(&answer.body),
            Err(_) => ErrorBody::default(),
        };
        Err(TransportError::Status {
            status,
            body,
            retry_after,
        })
    }
}

/// The error of a request that was sent `at` an address, with the server that it was
/// redirected to.
fn away(first: &Url, at: &Url, error: TransportError) -> TransportError {
    if at.origin() == first.origin() {
        return error;
    }
    TransportError::Away {
        to: at.origin().ascii_serialization(),
        source: Box::new(error),
    }
}

/// The texts of `Warning: 299 - "TEXT"` headers, for people.
fn warnings(headers: &HeaderMap) -> impl Iterator<Item = String> {
    headers.get_all(WARNING).iter().filter_map(|value| {
        let text = value.to_str().ok()?.trim();
        let text = text.strip_prefix("299 - \"")?.strip_suffix('"')?;
        Some(shorten(&text.replace("\\\"", "\"")))
    })
}
