//! Existence of a tag, by `HEAD` where that can be believed (distribution-spec
//! v1.1, "Checking if content exists in the registry").
//!
//! `HEAD` is cheap, and no registry counts it as a pull. But there are registries,
//! and proxies in front of them, that refuse it, answer it with something of their
//! own, or say of everything that it does not exist. `GET` decides then.

use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use oci_spec::image::{Descriptor, Digest, MediaType};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Method, StatusCode};

use super::client::Registry;
use super::error::RegistryError;
use super::manifest::{MANIFEST_TYPES, Manifest};
use super::transport::{Answer, Request, TransportError};

/// What is known of one registry's `HEAD`; clones share it. At first that is
/// nothing (0): it has not shown anything that exists.
#[derive(Debug, Clone, Default)]
pub(super) struct Heads(Arc<AtomicU8>);

/// It has shown something, so what it does not show does not exist.
const BELIEVED: u8 = 1;
/// It said that something does not exist, or nothing at all, and `GET` has it.
const USELESS: u8 = 2;

impl Heads {
    fn is(&self, state: u8) -> bool {
        self.0.load(Ordering::Relaxed) == state
    }

    fn set(&self, state: u8) {
        self.0.store(state, Ordering::Relaxed);
    }
}

/// What was found under a tag or digest.
pub(super) enum Looked {
    /// Nothing.
    Absent,
    /// What `HEAD` says of it.
    Head(Descriptor),
    /// What `GET` has.
    Whole(Manifest),
}

impl Registry {
    /// What a tag or digest points at; none when the registry does not have it.
    /// Costs one request, which no registry counts as a pull, where the registry
    /// can be believed about it; see `heads.rs`.
    ///
    /// # Errors
    /// When neither request tells.
    pub async fn head(
        &self,
        image: &str,
        tag_or_digest: &str,
    ) -> Result<Option<Descriptor>, RegistryError> {
        Ok(match self.look(image, tag_or_digest).await? {
            Looked::Absent => None,
            Looked::Head(descriptor) => Some(descriptor),
            Looked::Whole(manifest) => Some(manifest.into_descriptor()),
        })
    }

    /// The same, with the manifest where it had to be read.
    pub(super) async fn look(
        &self,
        image: &str,
        tag_or_digest: &str,
    ) -> Result<Looked, RegistryError> {
        let mut useless = false;
        if !self.heads.is(USELESS) {
            let what = format!("looking for {}", self.endpoint().show(image, tag_or_digest));
            let request = self.manifest_request(&what, Method::HEAD, image, tag_or_digest)?;
            match self.ask_head(&request).await {
                Ok(answer) => {
                    if let Some(descriptor) = described(&answer, tag_or_digest) {
                        self.heads.set(BELIEVED);
                        return Ok(Looked::Head(descriptor));
                    }
                    useless = true;
                }
                Err(error) if error.is_absent() && self.heads.is(BELIEVED) => {
                    return Ok(Looked::Absent);
                }
                Err(error) if decides(&error, self.heads.is(BELIEVED)) => {
                    return Err(self.failed(&what, error));
                }
                // What may be over in a moment says nothing of the next one.
                Err(error) => useless = !error.is_transient(),
            }
        }
        let Some(manifest) = self.manifest(image, tag_or_digest).await? else {
            return Ok(Looked::Absent);
        };
        if useless {
            self.heads.set(USELESS);
        }
        Ok(Looked::Whole(manifest))
    }

    /// Again where that may help, once `HEAD` has worked; else `GET` is the next
    /// try.
    async fn ask_head(&self, request: &Request<'_>) -> Result<Answer, TransportError> {
        match self.heads.is(BELIEVED) {
            true => self.transport.send(request).await,
            false => self.transport.once(request).await,
        }
    }
}

/// Whether `GET` would tell the same: we are not let in, or `HEAD` works and all
/// tries failed.
fn decides(error: &TransportError, believed: bool) -> bool {
    match error {
        TransportError::Login(error) => !error.is_transient(),
        TransportError::Credentials(_)
        | TransportError::Large(_)
        | TransportError::Redirect(_)
        | TransportError::Request(_) => true,
        // A wrong password is not to be tried more often than needed.
        TransportError::Status { status, .. } if *status == StatusCode::UNAUTHORIZED => true,
        other => believed && other.is_transient(),
    }
}

/// The descriptor in the headers of an answer to `HEAD`; none where they are
/// missing, or are not those of what was asked for.
fn described(answer: &Answer, tag_or_digest: &str) -> Option<Descriptor> {
    let digest = Digest::from_str(answer.digest()?).ok()?;
    if tag_or_digest.contains(':') && digest.to_string() != tag_or_digest {
        return None;
    }
    let media_type = answer.text(&CONTENT_TYPE)?.split(';').next()?.trim();
    if !MANIFEST_TYPES.split(", ").any(|known| known == media_type) {
        return None;
    }
    let size: u64 = answer.text(&CONTENT_LENGTH)?.parse().ok()?;
    (size > 0).then(|| Descriptor::new(MediaType::from(media_type), size, digest))
}
