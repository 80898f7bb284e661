//! One registry: manifests, configurations and tags (distribution-spec v1.1).

use std::sync::Arc;

use bakehouse_core::platform::{Platform, PlatformError};
use bakehouse_core::progress::Reporter;
use bakehouse_system::docker::credentials::{Credentials, DockerCredentials};
use bytes::Bytes;
use oci_spec::image::{ImageConfiguration, MediaType};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use url::Url;

use super::absences::Absences;
use super::digest;
use super::endpoint::Endpoint;
use super::error::RegistryError;
use super::heads::Heads;
use super::json;
use super::kept_manifests::KeptManifests;
use super::known_blobs::KnownBlobs;
use super::manifest::{MANIFEST_TYPES, Manifest, ManifestError};
use super::transport::{Answer, Request, RetryPolicy, Scope, Transport, TransportError};
use super::uploads::UploadTurns;

/// Longest image configuration that is read, in bytes.
const CONFIG_LIMIT: u64 = 16 << 20;

/// A registry client for one endpoint. Clones share connections, tokens and
/// what is known of blobs.
#[derive(Clone)]
pub struct Registry {
    pub(super) transport: Transport,
    endpoint: Endpoint,
    pub(super) uploads: UploadTurns,
    pub(super) blobs: KnownBlobs,
    pub(super) heads: Heads,
    pub(super) absences: Absences,
    kept: KeptManifests,
}

impl Registry {
    /// A client with the credentials that Docker would use.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(endpoint: Endpoint, reporter: Arc<dyn Reporter>) -> Result<Self, RegistryError> {
        let credentials = Arc::new(DockerCredentials::new(endpoint.host()));
        Self::with(endpoint, credentials, RetryPolicy::default(), reporter)
    }

    /// A client with these credentials and limits.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn with(
        endpoint: Endpoint,
        credentials: Arc<dyn Credentials>,
        policy: RetryPolicy,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Self, RegistryError> {
        let transport = Transport::new(&endpoint, credentials, policy, reporter);
        let transport = transport.map_err(|source| RegistryError::Client {
            host: endpoint.host().to_owned(),
            source: Box::new(source),
        })?;
        Ok(Self {
            transport,
            endpoint,
            uploads: UploadTurns::default(),
            blobs: KnownBlobs::default(),
            heads: Heads::default(),
            absences: Absences::default(),
            kept: KeptManifests::default(),
        })
    }

    /// Keeps what the registry shows of manifests and configurations, and asks for
    /// none that is kept but where it must be seen that the registry has it.
    #[must_use]
    pub fn keeping(self, kept: KeptManifests) -> Self {
        Self { kept, ..self }
    }

    /// The registry and its namespace.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Requests that were repeated so far.
    #[must_use]
    pub fn retries(&self) -> u32 {
        self.transport.retries()
    }

    /// Requests that may be under way at the same time.
    #[must_use]
    pub fn parallel(&self) -> usize {
        self.transport.policy().parallel
    }

    /// Checks that the registry lets us push this image, before anything is
    /// built: an upload is begun and given up again (distribution-spec v1.1,
    /// "POST then PUT").
    ///
    /// # Errors
    /// When it does not, or cannot be asked.
    pub async fn check_push(&self, image: &str) -> Result<(), RegistryError> {
        let repository = self.endpoint.path(image);
        let what = format!("asking to push to {}", self.endpoint.show_repository(image));
        let scope = Scope::push(&repository);
        let url = self.url(&format!("{repository}/blobs/uploads/"))?;
        let begin = Request::new(&what, Method::POST, url, scope.clone());
        let begun = self.transport.send(&begin).await;
        let begun = begun.map_err(|error| self.failed(&what, error))?;
        let location = self.upload_location(&begun, &repository);
        let location = location.map_err(|error| self.failed(&what, error))?;
        let cancel = Request::new(&what, Method::DELETE, location, scope);
        // Not all registries can; they forget it after a while.
        let _ = self.transport.once(&cancel).await;
        Ok(())
    }

    /// A manifest by tag or digest, its digest verified; none when the
    /// registry does not have it.
    ///
    /// # Errors
    /// When the request fails, or what is there is no manifest.
    pub async fn manifest(
        &self,
        image: &str,
        tag_or_digest: &str,
    ) -> Result<Option<Manifest>, RegistryError> {
        self.read_manifest(image, tag_or_digest, false).await
    }

    /// The same; where it `must_exist`, since it was just written, that it does
    /// not is waited out for a while.
    pub(super) async fn read_manifest(
        &self,
        image: &str,
        tag_or_digest: &str,
        must_exist: bool,
    ) -> Result<Option<Manifest>, RegistryError> {
        let what = format!("reading {}", self.endpoint.show(image, tag_or_digest));
        let request = self
            .manifest_request(&what, Method::GET, image, tag_or_digest)?
            .must_exist(must_exist);
        let by_digest = Some(tag_or_digest).filter(|name| name.contains(':'));
        match self.transport.verified(&request, by_digest).await {
            Ok((answer, digest)) => {
                let manifest = Manifest::new(answer.body, digest);
                let manifest =
                    manifest.map_err(|error| self.unreadable(image, tag_or_digest, error))?;
                self.blobs.note(image, &manifest);
                self.keep_shown(
                    image,
                    manifest.descriptor().digest().as_ref(),
                    manifest.bytes(),
                );
                Ok(Some(manifest))
            }
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(self.failed(&what, error)),
        }
    }

    /// A manifest by digest that this registry has shown before, or has named: by an
    /// answer to `HEAD`, or in an index. It is asked for it only where that is not
    /// kept.
    ///
    /// # Errors
    /// As [`manifest`](Self::manifest).
    pub async fn named_manifest(
        &self,
        image: &str,
        digest: &str,
    ) -> Result<Option<Manifest>, RegistryError> {
        if let Some(bytes) = self.kept(image, digest)
            && let Ok(name) = digest.parse()
            && let Ok(manifest) = Manifest::new(bytes, name)
        {
            return Ok(Some(manifest));
        }
        self.manifest(image, digest).await
    }

    fn kept(&self, image: &str, digest: &str) -> Option<Bytes> {
        self.kept.get(&self.endpoint.show_repository(image), digest)
    }

    fn keep_shown(&self, image: &str, digest: &str, bytes: &[u8]) {
        let repository = self.endpoint.show_repository(image);
        self.kept.keep(&repository, digest, bytes);
    }

    /// The error for content that cannot be read: anybody may have put it into the
    /// registry, so it is the registry's failure, never a bug.
    pub(super) fn unreadable(
        &self,
        image: &str,
        tag_or_digest: &str,
        error: impl Into<ManifestError>,
    ) -> RegistryError {
        RegistryError::Unreadable {
            reference: self.endpoint.show(image, tag_or_digest),
            source: Box::new(error.into()),
        }
    }

    /// The configuration of an image manifest (image-spec v1.1, "Image
    /// Configuration"), its digest verified.
    ///
    /// # Errors
    /// When the request fails, or what is there is no configuration.
    pub async fn config(
        &self,
        image: &str,
        manifest: &Manifest,
    ) -> Result<ImageConfiguration, RegistryError> {
        let digest = self.config_digest(image, manifest)?;
        let what = self.reading_config(image, manifest);
        self.read_config(image, &digest, &what, true).await
    }

    /// The configuration of this digest.
    pub(super) async fn read_config(
        &self,
        image: &str,
        digest: &str,
        what: &str,
        must_exist: bool,
    ) -> Result<ImageConfiguration, RegistryError> {
        let repository = self.endpoint.path(image);
        let url = self.url(&format!("{repository}/blobs/{digest}"))?;
        let request = Request::new(what, Method::GET, url, Scope::pull(&repository))
            .limit(CONFIG_LIMIT)
            .must_exist(must_exist);
        let read = self.transport.verified(&request, Some(digest)).await;
        let (answer, _) = read.map_err(|error| self.failed(what, error))?;
        let config =
            json::configuration(&answer.body).map_err(|source| RegistryError::Configuration {
                what: what.to_owned(),
                source,
            })?;
        self.keep_shown(image, digest, &answer.body);
        Ok(config)
    }

    /// The same, of a manifest that this registry has named; it is asked for what is
    /// not kept.
    ///
    /// # Errors
    /// As [`config`](Self::config).
    pub async fn named_config(
        &self,
        image: &str,
        manifest: &Manifest,
    ) -> Result<ImageConfiguration, RegistryError> {
        let digest = self.config_digest(image, manifest)?;
        if let Some(bytes) = self.kept(image, &digest)
            && let Ok(config) = json::configuration(&bytes)
        {
            return Ok(config);
        }
        self.config(image, manifest).await
    }

    pub(super) fn config_digest(
        &self,
        image: &str,
        manifest: &Manifest,
    ) -> Result<String, RegistryError> {
        let of = manifest.descriptor().digest().as_ref();
        let parsed = manifest.refuse_artifact().and_then(|()| manifest.image());
        let parsed = parsed.map_err(|error| self.unreadable(image, of, error))?;
        Ok(parsed.config().digest().to_string())
    }

    fn reading_config(&self, image: &str, manifest: &Manifest) -> String {
        let of = manifest.descriptor().digest().as_ref();
        let reference = self.endpoint.show(image, of);
        format!("reading the configuration of {reference}")
    }

    /// Puts a manifest under a tag or its digest. That the registry took these
    /// bytes is verified, by its answer or by reading them back.
    ///
    /// # Errors
    /// When the request fails, or the registry shows something else afterwards.
    pub async fn put_manifest(
        &self,
        image: &str,
        tag_or_digest: &str,
        bytes: Bytes,
        media_type: &MediaType,
    ) -> Result<(), RegistryError> {
        self.absences.forget(image, tag_or_digest);
        let what = format!("writing {}", self.endpoint.show(image, tag_or_digest));
        let digest = digest::sha256(&bytes).to_string();
        let failed = |error: TransportError| self.failed(&what, error);
        let media_type = HeaderValue::from_str(media_type.as_ref())
            .map_err(|error| failed(TransportError::Request(error.to_string())))?;
        let request = self
            .manifest_request(&what, Method::PUT, image, tag_or_digest)?
            .header(CONTENT_TYPE, media_type)
            .body(bytes);
        let answer = self.transport.send(&request).await.map_err(failed)?;
        if answer.digest() == Some(&digest) {
            self.keep_shown(image, &digest, &request.body);
            return Ok(());
        }
        let back = self.read_manifest(image, tag_or_digest, true).await?;
        if back.is_some_and(|back| back.descriptor().digest().to_string() == digest) {
            return Ok(());
        }
        let reference = self.endpoint.show(image, tag_or_digest);
        Err(RegistryError::Overwritten { reference, digest })
    }

    pub(super) fn manifest_request<'a>(
        &self,
        what: &'a str,
        method: Method,
        image: &str,
        tag_or_digest: &str,
    ) -> Result<Request<'a>, RegistryError> {
        self.endpoint.check(image, tag_or_digest)?;
        let repository = self.endpoint.path(image);
        let scope = if method == Method::PUT {
            Scope::push(&repository)
        } else {
            Scope::pull(&repository)
        };
        let url = self.url(&format!("{repository}/manifests/{tag_or_digest}"))?;
        Ok(Request::new(what, method, url, scope)
            .header(ACCEPT, HeaderValue::from_static(MANIFEST_TYPES)))
    }

    /// The URL at which an upload into a repository is to go on.
    pub(super) fn upload_location(
        &self,
        answer: &Answer,
        repository: &str,
    ) -> Result<Url, TransportError> {
        let path = format!("/v2/{repository}/blobs/uploads/");
        self.transport.upload(answer.location()?, &path)
    }

    pub(super) fn url(&self, path: &str) -> Result<Url, RegistryError> {
        let url = self.transport.url(path);
        url.map_err(|error| self.failed("naming it", error))
    }

    /// The error that a failed request is told as.
    pub(super) fn failed(&self, what: &str, source: TransportError) -> RegistryError {
        let (host, what) = (self.endpoint.host().to_owned(), what.to_owned());
        if let TransportError::Credentials(error) = source {
            return RegistryError::Credentials(error);
        }
        let source = Box::new(source);
        if source.is_refused() {
            RegistryError::Refused { host, what, source }
        } else if source.is_unreachable() {
            RegistryError::Unreachable { host, what, source }
        } else {
            RegistryError::Failed { host, what, source }
        }
    }
}

/// The platform that an image configuration names.
pub(super) fn config_platform(config: &ImageConfiguration) -> Result<Platform, PlatformError> {
    Platform::new(
        &config.os().to_string(),
        &config.architecture().to_string(),
        config.variant().as_deref(),
    )
}
