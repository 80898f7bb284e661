//! One registry: manifests, configs and tags.
//!
//! oci-client does the protocol; this adds retries, bounded time and errors
//! that say what to do.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};
use oci_spec::image::{Descriptor, ImageConfiguration, MediaType};

use super::endpoint::Endpoint;
use super::manifest::{MANIFEST_TYPES, Manifest};
use super::uploads::Uploads;
use super::{credentials, retry};
use crate::error::{ExitCode, Failure};
use crate::platform::Platform;
use crate::progress::{Event, Reporter};

/// Time to connect, and longest silence while reading.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// A registry client for one endpoint. Clones share connections and tokens.
#[derive(Clone)]
pub struct Registry {
    pub(super) client: Client,
    endpoint: Endpoint,
    auth: RegistryAuth,
    reporter: Arc<dyn Reporter>,
    retries: Arc<AtomicU32>,
    pub(super) uploads: Uploads,
}

/// What is published under a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The index, or the single image's manifest.
    pub descriptor: Descriptor,
    /// The image manifest of each platform.
    pub platforms: BTreeMap<Platform, Descriptor>,
    /// Descriptors in the index that are no images: attestations.
    pub attestations: Vec<Descriptor>,
    /// Annotations of the index.
    pub annotations: BTreeMap<String, String>,
}

impl Registry {
    /// A client with the credentials that Docker would use.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Credentials`], see
    /// [`credentials::resolve`].
    pub fn new(endpoint: Endpoint, reporter: Arc<dyn Reporter>) -> Result<Self> {
        let auth = if endpoint.plain_http() {
            credentials::resolve(endpoint.host()).unwrap_or(RegistryAuth::Anonymous)
        } else {
            credentials::resolve(endpoint.host())?
        };
        let protocol = if endpoint.plain_http() {
            ClientProtocol::HttpsExcept(vec![endpoint.host().to_owned()])
        } else {
            ClientProtocol::Https
        };
        let client = Client::try_from(ClientConfig {
            protocol,
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
            user_agent: concat!("bakehouse/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        })?;
        Ok(Self {
            client,
            endpoint,
            auth,
            reporter,
            retries: Arc::default(),
            uploads: Uploads::default(),
        })
    }

    /// Where it is.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Requests that were repeated so far.
    #[must_use]
    pub fn retries(&self) -> u32 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Checks that the registry answers and takes our credentials for pushing
    /// this image, before anything is built.
    ///
    /// # Errors
    /// [`ExitCode::Registry`] or [`ExitCode::Credentials`].
    pub async fn check_push(&self, image: &str) -> Result<()> {
        let reference = self.endpoint.reference(image, "latest")?;
        self.request(&format!("logging in for {image}"), || async {
            self.client
                .auth(&reference, &self.auth, RegistryOperation::Push)
                .await
        })
        .await
        .map_err(|error| self.failure("logging in", &error))?;
        Ok(())
    }

    /// A manifest by tag or digest, its digest verified; none when the
    /// registry does not have it.
    ///
    /// # Errors
    /// [`ExitCode::Registry`] or [`ExitCode::Credentials`].
    pub async fn manifest(&self, image: &str, tag_or_digest: &str) -> Result<Option<Manifest>> {
        let reference = self.endpoint.reference(image, tag_or_digest)?;
        self.manifest_at(&reference).await
    }

    pub(super) async fn manifest_at(&self, reference: &Reference) -> Result<Option<Manifest>> {
        let what = format!("reading {}", self.shown(reference));
        let answer = self
            .request(&what, || {
                self.client
                    .pull_manifest_raw(reference, &self.auth, MANIFEST_TYPES)
            })
            .await;
        match answer {
            Ok((bytes, digest)) => Ok(Some(Manifest::new(bytes, &digest)?)),
            Err(error) if retry::is_absent(&error) => Ok(None),
            Err(error) => Err(self.failure(&what, &error).into()),
        }
    }

    /// What is published under a tag or digest, for which platforms; none when
    /// the registry does not have it.
    ///
    /// # Errors
    /// [`ExitCode::Registry`] or [`ExitCode::Credentials`]; also when the
    /// manifest cannot be understood.
    pub async fn published(&self, image: &str, tag_or_digest: &str) -> Result<Option<Published>> {
        let Some(manifest) = self.manifest(image, tag_or_digest).await? else {
            return Ok(None);
        };
        let Some(index) = manifest.index()? else {
            let config = self.config(image, &manifest).await?;
            let platform = config_platform(&config)?;
            return Ok(Some(Published {
                platforms: BTreeMap::from([(platform, manifest.descriptor().clone())]),
                descriptor: manifest.into_descriptor(),
                attestations: Vec::new(),
                annotations: BTreeMap::new(),
            }));
        };
        Ok(Some(Published {
            descriptor: manifest.descriptor().clone(),
            platforms: index.platforms()?,
            attestations: index.attestations(),
            annotations: index.annotations,
        }))
    }

    /// The configuration of an image manifest (image-spec v1.1, "Image
    /// Configuration").
    ///
    /// # Errors
    /// [`ExitCode::Registry`] or [`ExitCode::Credentials`].
    pub async fn config(&self, image: &str, manifest: &Manifest) -> Result<ImageConfiguration> {
        let config = manifest.image()?.config().clone();
        let reference = self
            .endpoint
            .reference(image, manifest.descriptor().digest().as_ref())?;
        let what = format!("reading the configuration of {}", self.shown(&reference));
        let digest = config.digest().to_string();
        let bytes = self
            .request(&what, || async {
                let mut bytes = Vec::new();
                self.client
                    .pull_blob(&reference, digest.as_str(), &mut bytes)
                    .await?;
                Ok(bytes)
            })
            .await
            .map_err(|error| self.failure(&what, &error))?;
        Ok(serde_json::from_slice(&bytes)
            .map_err(|error| Failure::new(ExitCode::Registry, format!("{what}: {error}")))?)
    }

    /// Puts a manifest under a tag or its digest.
    ///
    /// # Errors
    /// [`ExitCode::Registry`] or [`ExitCode::Credentials`].
    pub async fn put_manifest(
        &self,
        image: &str,
        tag_or_digest: &str,
        bytes: Bytes,
        media_type: &MediaType,
    ) -> Result<()> {
        let reference = self.endpoint.reference(image, tag_or_digest)?;
        let what = format!("writing {}", self.shown(&reference));
        self.log_in(&reference).await;
        let content_type: reqwest::header::HeaderValue = media_type.to_string().parse()?;
        self.request(&what, || {
            self.client
                .push_manifest_raw(&reference, bytes.clone(), content_type.clone())
        })
        .await
        .map_err(|error| self.failure(&what, &error))?;
        Ok(())
    }

    /// All tags of an image; none of them when it does not exist.
    ///
    /// # Errors
    /// [`ExitCode::Registry`] or [`ExitCode::Credentials`].
    pub async fn tags(&self, image: &str) -> Result<Vec<String>> {
        const PAGE: usize = 1000;
        let reference = self.endpoint.reference(image, "latest")?;
        let what = format!("listing tags of {}", self.endpoint.repository(image));
        let mut tags: Vec<String> = Vec::new();
        loop {
            let last = tags.last().cloned();
            let page = self
                .request(&what, || {
                    self.client
                        .list_tags(&reference, &self.auth, Some(PAGE), last.as_deref())
                })
                .await;
            let page = match page {
                Ok(page) => page.tags,
                Err(error) if retry::is_absent(&error) => return Ok(tags),
                Err(error) => return Err(self.failure(&what, &error).into()),
            };
            let more = page.len() >= PAGE && page.last() != last.as_ref();
            tags.extend(page);
            if !more {
                return Ok(tags);
            }
        }
    }

    /// Makes the credentials known to oci-client's calls that take none.
    pub(super) async fn log_in(&self, reference: &Reference) {
        self.client
            .store_auth_if_needed(reference.resolve_registry(), &self.auth)
            .await;
    }

    /// Runs a request that is safe to repeat.
    pub(super) async fn request<T, F>(
        &self,
        what: &str,
        send: impl Fn() -> F,
    ) -> Result<T, OciDistributionError>
    where
        F: Future<Output = Result<T, OciDistributionError>>,
    {
        let mut attempt = 1;
        loop {
            let error = match send().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let Some(after) = retry::pause(&error, attempt) else {
                return Err(error);
            };
            self.retries.fetch_add(1, Ordering::Relaxed);
            self.reporter.report(Event::Retry {
                what: &format!("{what}: {}", root(&error)),
                after,
            });
            tokio::time::sleep(after).await;
            attempt += 1;
        }
    }

    /// What a person should know of a failed request.
    pub(super) fn failure(&self, what: &str, error: &OciDistributionError) -> Failure {
        let host = self.endpoint.host();
        if retry::is_refused(error) {
            return Failure::new(
                ExitCode::Credentials,
                format!("registry {host} refused: {what}"),
            )
            .hint(format!(
                "run `docker login {host}` with an account that may push there{}",
                if host == "ghcr.io" {
                    ", or set GITHUB_TOKEN (scope write:packages) and GITHUB_ACTOR"
                } else {
                    ""
                }
            ));
        }
        if let OciDistributionError::RequestError(request) = error
            && (request.is_connect() || request.is_timeout())
        {
            return Failure::new(
                ExitCode::Registry,
                format!("cannot reach registry {host}: {}", root(error)),
            )
            .hint("check the address given as --registry, and that the registry runs");
        }
        Failure::new(
            ExitCode::Registry,
            format!("registry {host} failed: {what}: {}", root(error)),
        )
        .hint("what was pushed is kept; run the same command again")
    }

    pub(super) fn shown(&self, reference: &Reference) -> String {
        let text = reference.to_string();
        match text.strip_prefix(self.endpoint.host()) {
            Some(rest) => format!("{}{rest}", self.endpoint),
            None => text,
        }
    }
}

/// The platform that an image configuration names.
pub(super) fn config_platform(config: &ImageConfiguration) -> Result<Platform, Failure> {
    Platform::new(
        &config.os().to_string(),
        &config.architecture().to_string(),
        config.variant().as_deref(),
    )
}

/// The innermost cause, which names the operating system's error.
fn root(error: &OciDistributionError) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
