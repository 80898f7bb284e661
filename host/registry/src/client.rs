//! One registry: manifests, configurations and tags (distribution-spec v1.1).

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::error::{ExitCode, Failure};
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::Reporter;
use bakehouse_system::docker::credentials::{Credentials, DockerCredentials};
use bytes::Bytes;
use oci_spec::image::{Descriptor, ImageConfiguration, MediaType};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use url::Url;

use super::digest;
use super::endpoint::Endpoint;
use super::heads::{Heads, Looked};
use super::known_blobs::KnownBlobs;
use super::manifest::{MANIFEST_TYPES, Manifest};
use super::transport::{Answer, Fault, Policy, Request, Scope, Transport};
use super::uploads::Uploads;

/// Longest image configuration that is read, in bytes.
const CONFIG_LIMIT: u64 = 16 << 20;

/// A registry client for one endpoint. Clones share connections, tokens and
/// what is known of blobs.
#[derive(Clone)]
pub struct Registry {
    pub(super) transport: Transport,
    endpoint: Endpoint,
    pub(super) uploads: Uploads,
    pub(super) blobs: KnownBlobs,
    pub(super) heads: Heads,
}

/// What is published under a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The index, or the single image's manifest.
    pub descriptor: Descriptor,
    /// The same, as it is.
    pub manifest: Manifest,
    /// The image manifest of each platform.
    pub platforms: BTreeMap<Platform, Descriptor>,
    /// Descriptors in the index that are no images: attestations.
    pub attestations: Vec<Descriptor>,
    /// Annotations of the index.
    pub annotations: BTreeMap<String, String>,
    /// Digest of the recipe that made each platform's image, where it is known.
    pub recipes: BTreeMap<Platform, Option<String>>,
}

impl Registry {
    /// A client with the credentials that Docker would use.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(endpoint: Endpoint, reporter: Arc<dyn Reporter>) -> Result<Self> {
        let credentials = Arc::new(DockerCredentials::new(endpoint.host()));
        Self::with(endpoint, credentials, Policy::default(), reporter)
    }

    /// A client with these credentials and limits.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn with(
        endpoint: Endpoint,
        credentials: Arc<dyn Credentials>,
        policy: Policy,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Self> {
        Ok(Self {
            transport: Transport::new(&endpoint, credentials, policy, reporter)?,
            endpoint,
            uploads: Uploads::default(),
            blobs: KnownBlobs::default(),
            heads: Heads::default(),
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
    /// [`ExitCode::Registry`] or [`ExitCode::Credentials`].
    pub async fn check_push(&self, image: &str) -> Result<()> {
        let repository = self.endpoint.path(image);
        let what = format!("logging in for {image}");
        let scope = Scope::push(&repository);
        let failed = |fault: &Fault| self.failure("logging in", fault);
        let url = self.url(&format!("{repository}/blobs/uploads/"))?;
        let begin = Request::new(&what, Method::POST, url, scope.clone());
        let begun = self.transport.send(&begin).await;
        let begun = begun.map_err(|fault| failed(&fault))?;
        if let Ok(location) = self.upload_location(&begun, &repository) {
            let cancel = Request::new(&what, Method::DELETE, location, scope);
            // Not all registries can; they forget it after a while.
            let _ = self.transport.once(&cancel).await;
        }
        Ok(())
    }

    /// A manifest by tag or digest, its digest verified; none when the
    /// registry does not have it.
    ///
    /// # Errors
    /// [`ExitCode::Registry`] or [`ExitCode::Credentials`].
    pub async fn manifest(&self, image: &str, tag_or_digest: &str) -> Result<Option<Manifest>> {
        self.read_manifest(image, tag_or_digest, false).await
    }

    /// The same; where it `must_exist`, since it was just written, that it does
    /// not is waited out for a while.
    pub(super) async fn read_manifest(
        &self,
        image: &str,
        tag_or_digest: &str,
        must_exist: bool,
    ) -> Result<Option<Manifest>> {
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
                Ok(Some(manifest))
            }
            Err(fault) if fault.is_absent() => Ok(None),
            Err(fault) => Err(self.failure(&what, &fault).into()),
        }
    }

    /// What is published under a tag or digest, for which platforms; none when
    /// the registry does not have it.
    ///
    /// # Errors
    /// [`ExitCode::Registry`] or [`ExitCode::Credentials`]; also when the
    /// manifest cannot be understood.
    pub async fn published(&self, image: &str, tag_or_digest: &str) -> Result<Option<Published>> {
        if tag_or_digest.contains(':') {
            return self.read_published(image, tag_or_digest).await;
        }
        let manifest = match self.look(image, tag_or_digest).await? {
            Looked::Absent => return Ok(None),
            Looked::Whole(manifest) => manifest,
            // By digest first: the tag may move in between.
            Looked::Head(head) => match self.manifest(image, head.digest().as_ref()).await? {
                Some(manifest) => manifest,
                None => return self.read_published(image, tag_or_digest).await,
            },
        };
        let understood = self.understood(image, manifest).await;
        let understood = understood.map_err(|error| self.unreadable(image, tag_or_digest, error));
        understood.map(Some)
    }

    /// What is in a registry is anybody's: that it cannot be read is the
    /// registry's failure, never a bug.
    pub(super) fn unreadable(
        &self,
        image: &str,
        tag_or_digest: &str,
        error: anyhow::Error,
    ) -> anyhow::Error {
        let code = Failure::find(&error).map(Failure::code);
        if matches!(code, Some(ExitCode::Registry | ExitCode::Credentials)) {
            return error;
        }
        let reference = self.endpoint.show(image, tag_or_digest);
        Failure::new(
            ExitCode::Registry,
            format!("{reference} holds no image that can be read: {error:#}"),
        )
        .hint("see who put it there; delete the tag, and the version is built again")
        .into()
    }

    /// The same by `GET` alone, for who is about to write: what exists must not
    /// be missed.
    pub(super) async fn read_published(
        &self,
        image: &str,
        tag_or_digest: &str,
    ) -> Result<Option<Published>> {
        let Some(manifest) = self.manifest(image, tag_or_digest).await? else {
            return Ok(None);
        };
        let understood = self.understood(image, manifest).await;
        let understood = understood.map_err(|error| self.unreadable(image, tag_or_digest, error));
        understood.map(Some)
    }

    /// What was just pushed by digest.
    ///
    /// # Errors
    /// As [`published`](Self::published); also when the registry does not have
    /// it, even after a while.
    pub async fn pushed(&self, image: &str, digest: &str) -> Result<Published> {
        let manifest = self.read_manifest(image, digest, true).await?;
        let manifest = manifest.ok_or_else(|| {
            let reference = self.endpoint.show(image, digest);
            Failure::new(
                ExitCode::Registry,
                format!("{reference} was pushed, and the registry does not have it"),
            )
            .hint("run the same command again; look into the registry's log")
        })?;
        self.understood(image, manifest).await
    }

    async fn understood(&self, image: &str, manifest: Manifest) -> Result<Published> {
        let Some(index) = manifest.index()? else {
            let config = self.config(image, &manifest).await?;
            let platform = config_platform(&config)?;
            return Ok(Published {
                recipes: BTreeMap::from([(platform.clone(), None)]),
                platforms: BTreeMap::from([(platform, manifest.descriptor().clone())]),
                descriptor: manifest.descriptor().clone(),
                manifest,
                attestations: Vec::new(),
                annotations: BTreeMap::new(),
            });
        };
        Ok(Published {
            descriptor: manifest.descriptor().clone(),
            platforms: index.platforms()?,
            recipes: index.recipes()?,
            attestations: index.attestations(),
            annotations: index.annotations,
            manifest,
        })
    }

    /// The configuration of an image manifest (image-spec v1.1, "Image
    /// Configuration"), its digest verified.
    ///
    /// # Errors
    /// [`ExitCode::Registry`] or [`ExitCode::Credentials`].
    pub async fn config(&self, image: &str, manifest: &Manifest) -> Result<ImageConfiguration> {
        let digest = manifest.image()?.config().digest().to_string();
        let reference = self
            .endpoint
            .show(image, manifest.descriptor().digest().as_ref());
        let what = format!("reading the configuration of {reference}");
        let repository = self.endpoint.path(image);
        let url = self.url(&format!("{repository}/blobs/{digest}"))?;
        let request = Request::new(&what, Method::GET, url, Scope::pull(&repository))
            .limit(CONFIG_LIMIT)
            .must_exist(true);
        let read = self.transport.verified(&request, Some(&digest)).await;
        let (answer, _) = read.map_err(|fault| self.failure(&what, &fault))?;
        Ok(serde_json::from_slice(&answer.body)
            .map_err(|error| Failure::new(ExitCode::Registry, format!("{what}: {error}")))?)
    }

    /// Puts a manifest under a tag or its digest. That the registry took these
    /// bytes is verified, by its answer or by reading them back.
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
        let what = format!("writing {}", self.endpoint.show(image, tag_or_digest));
        let digest = digest::sha256(&bytes).to_string();
        let request = self
            .manifest_request(&what, Method::PUT, image, tag_or_digest)?
            .header(CONTENT_TYPE, media_type.to_string().parse()?)
            .body(bytes);
        let answer = match self.transport.send(&request).await {
            Ok(answer) => answer,
            Err(fault) => return Err(self.failure(&what, &fault).into()),
        };
        if answer.digest() == Some(&digest) {
            return Ok(());
        }
        let back = self.read_manifest(image, tag_or_digest, true).await?;
        if back.is_some_and(|back| back.descriptor().digest().to_string() == digest) {
            return Ok(());
        }
        let shown = self.endpoint.show(image, tag_or_digest);
        Err(Failure::new(
            ExitCode::Registry,
            format!("{shown} does not show what was just pushed ({digest})"),
        )
        .hint("another run may publish the same image; run again when it has ended")
        .into())
    }

    pub(super) fn manifest_request<'a>(
        &self,
        what: &'a str,
        method: Method,
        image: &str,
        tag_or_digest: &str,
    ) -> Result<Request<'a>> {
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

    /// Where an upload into a repository is to go on.
    pub(super) fn upload_location(&self, answer: &Answer, repository: &str) -> Result<Url, Fault> {
        let path = format!("/v2/{repository}/blobs/uploads/");
        self.transport.upload(answer.location()?, &path)
    }

    pub(super) fn url(&self, path: &str) -> Result<Url, Failure> {
        self.transport
            .url(path)
            .map_err(|fault| self.failure("naming it", &fault))
    }

    /// What a person should know of a failed request.
    pub(super) fn failure(&self, what: &str, fault: &Fault) -> Failure {
        let host = self.endpoint.host();
        if let Fault::Credentials(failure) = fault {
            return failure.clone();
        }
        if fault.is_refused() {
            return Failure::new(
                ExitCode::Credentials,
                format!("registry {host} refused: {what}: {fault}"),
            )
            .hint(refused_hint(host));
        }
        if fault.is_unreachable() {
            return Failure::new(
                ExitCode::Registry,
                format!("cannot reach registry {host}: {what}: {fault}"),
            )
            .hint(
                "check the address given as --registry, as REGISTRY or in bakehouse.toml, and that \
                 the registry runs",
            )
            .everywhere();
        }
        if let Fault::List(_) = fault {
            return Failure::new(
                ExitCode::Registry,
                format!("registry {host} failed: {what}: {fault}"),
            )
            .hint("half a list hides the newest versions, so none of it is used; ask who runs the registry");
        }
        Failure::new(
            ExitCode::Registry,
            format!("registry {host} failed: {what}: {fault}"),
        )
        .hint("what was pushed is kept; run the same command again")
    }
}

fn refused_hint(host: &str) -> String {
    let mut hint = format!("run `docker login {host}` with an account that may push there");
    if host == "ghcr.io" {
        // It answers 401 or 403 for what is private and for what does not exist
        // alike, until somebody is logged in; then 404.
        hint.push_str(
            ", or set GITHUB_TOKEN (scope write:packages) and GITHUB_ACTOR; ghcr.io says the same \
             of a private package and of one that does not exist yet to whom it does not know",
        );
    }
    hint
}

/// The platform that an image configuration names.
pub(super) fn config_platform(config: &ImageConfiguration) -> Result<Platform, Failure> {
    Platform::new(
        &config.os().to_string(),
        &config.architecture().to_string(),
        config.variant().as_deref(),
    )
}
