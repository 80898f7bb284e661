//! Sending requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use oci_spec::image::Digest;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue};
use reqwest::{Body, Client, RequestBuilder, Response, StatusCode};
use tokio::sync::Semaphore;
use url::Url;

use super::fault::Said;
use super::login::Login;
use super::retry_after::retry_after;
use super::{Answer, Fault, Outgoing, Policy, Request};
use crate::progress::{Event, Reporter};
use crate::registry::Endpoint;
use crate::registry::credentials::Credentials;
use crate::registry::digest;

/// Sends requests to one registry. Clones share connections, tokens and counts.
#[derive(Clone)]
pub(crate) struct Transport {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    base: Url,
    login: Login,
    policy: Policy,
    permits: Semaphore,
    reporter: Arc<dyn Reporter>,
    retries: AtomicU32,
}

impl Transport {
    pub(crate) fn new(
        endpoint: &Endpoint,
        credentials: Arc<dyn Credentials>,
        policy: Policy,
        reporter: Arc<dyn Reporter>,
    ) -> anyhow::Result<Self> {
        let plain_http = endpoint.plain_http();
        let scheme = if plain_http { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{}/v2/", endpoint.server()))?;
        let mut client = Client::builder()
            .user_agent(concat!("bakehouse/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(policy.connect)
            .redirect(crate::fetch::redirects());
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
            }),
        })
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// Requests that were repeated so far.
    pub(crate) fn retries(&self) -> u32 {
        self.inner.retries.load(Ordering::Relaxed)
    }

    /// The address of something below `/v2/`.
    pub(crate) fn url(&self, path: &str) -> Result<Url, Fault> {
        self.inner
            .base
            .join(path)
            .map_err(|error| Fault::Local(format!("{path}: {error}")))
    }

    /// Sends a request that is safe to repeat, and repeats it while that may
    /// help.
    pub(crate) async fn send(&self, request: &Request<'_>) -> Result<Answer, Fault> {
        let mut attempt = 1;
        loop {
            let fault = match self.once(request).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            let awaited = request.must_exist && fault.is_absent();
            self.pause(request.what, fault, attempt, awaited).await?;
            attempt += 1;
        }
    }

    /// The same, until the answer's bytes have the expected digest: the one
    /// given, or the one in its headers.
    pub(crate) async fn verified(
        &self,
        request: &Request<'_>,
        expected: Option<&str>,
    ) -> Result<(Answer, Digest), Fault> {
        let mut attempt = 1;
        loop {
            let answer = self.send(request).await?;
            let verified = digest::verify(&answer.body, expected.or(answer.digest()));
            let fault = match verified {
                Ok(digest) => return Ok((answer, digest)),
                Err(fault) => fault,
            };
            self.pause(request.what, fault, attempt, true).await?;
            attempt += 1;
        }
    }

    /// Waits before another try, and counts it.
    ///
    /// # Errors
    /// The fault itself, where another try would not help or none is left.
    pub(crate) async fn pause(
        &self,
        what: &str,
        fault: Fault,
        attempt: u32,
        transient: bool,
    ) -> Result<(), Fault> {
        let worth_it = transient || fault.is_transient();
        let pause = worth_it.then(|| self.inner.policy.pause(attempt, fault.retry_after()));
        let Some(after) = pause.flatten() else {
            return Err(fault);
        };
        self.inner.retries.fetch_add(1, Ordering::Relaxed);
        self.inner.reporter.report(Event::Retry {
            what: &format!("{what}: {fault}"),
            after,
        });
        tokio::time::sleep(after).await;
        Ok(())
    }

    /// Sends a request once; again only where the registry wants to know first
    /// who we are.
    pub(crate) async fn once(&self, request: &Request<'_>) -> Result<Answer, Fault> {
        let policy = &self.inner.policy;
        let limit = policy.connect + policy.answer;
        // Once to learn how to log in, once where the token is no longer taken.
        let (mut asked, mut renewed) = (false, false);
        loop {
            let _permit = self.inner.permits.acquire().await;
            let (builder, sent) = self.authorized(request).await?;
            let response = tokio::time::timeout(limit, builder.body(request.body.clone()).send())
                .await
                .map_err(|_| Fault::Silent(limit))??;
            if response.status() == StatusCode::UNAUTHORIZED {
                let done = if sent.is_some() {
                    &mut renewed
                } else {
                    &mut asked
                };
                let again = !std::mem::replace(done, true);
                let headers = response.headers();
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
    ) -> Result<Answer, Fault> {
        let _permit = self.inner.permits.acquire().await;
        let (builder, sent) = self.authorized(request).await?;
        let progress = Arc::clone(&body.progress);
        let sending = builder
            .header(CONTENT_LENGTH, body.size)
            .body(Body::wrap_stream(body.stream))
            .send();
        let silence = self.inner.policy.silence;
        let response = tokio::select! {
            response = sending => response?,
            () = progress.ceased(silence) => return Err(Fault::Silent(silence)),
        };
        if response.status() == StatusCode::UNAUTHORIZED {
            let login = &self.inner.login;
            let headers = response.headers();
            if login.refused(headers, &request.scope, sent.as_ref()).await {
                return Err(Fault::Broken("the login expired".to_owned()));
            }
        }
        self.answer(response, request.limit).await
    }

    /// The request with credentials, which go to the registry alone: an upload
    /// may lead elsewhere.
    async fn authorized(
        &self,
        request: &Request<'_>,
    ) -> Result<(RequestBuilder, Option<HeaderValue>), Fault> {
        let Inner {
            client,
            base,
            login,
            policy,
            ..
        } = &*self.inner;
        let mut builder = client
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone());
        let mut sent = None;
        if request.url.origin() == base.origin() {
            sent = login.authorization(client, policy, &request.scope).await?;
            builder = match &sent {
                Some(value) => builder.header(AUTHORIZATION, value.clone()),
                None => builder,
            };
        }
        Ok((builder, sent))
    }

    async fn answer(&self, response: Response, limit: u64) -> Result<Answer, Fault> {
        let policy = &self.inner.policy;
        if response.status().is_success() {
            return Answer::read(response, policy, limit).await;
        }
        let status = response.status();
        let retry_after = retry_after(response.headers(), SystemTime::now());
        // What it says is a courtesy; the status counts.
        let said = match Answer::read(response, policy, limit).await {
            Ok(answer) => Said::parse(&answer.body),
            Err(_) => Said::default(),
        };
        Err(Fault::Status {
            status,
            said,
            retry_after,
        })
    }
}
