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
use reqwest::StatusCode;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};

use super::manifest::MANIFEST_TYPES;
use super::transport::{Answer, TransportError};

/// The trust in one registry's `HEAD`; clones share it. At first that is nothing
/// (0): it has not shown anything that exists.
#[derive(Debug, Clone, Default)]
pub(super) struct Heads(Arc<AtomicU8>);

/// It has shown something, so what it does not show does not exist.
const BELIEVED: u8 = 1;
/// It said that something does not exist, or nothing at all, and `GET` has it.
const USELESS: u8 = 2;

impl Heads {
    /// Whether what it says decides.
    pub(super) fn are_believed(&self) -> bool {
        self.0.load(Ordering::Relaxed) == BELIEVED
    }

    /// Whether it is not worth asking.
    pub(super) fn are_useless(&self) -> bool {
        self.0.load(Ordering::Relaxed) == USELESS
    }

    /// It has shown something.
    pub(super) fn believe(&self) {
        self.0.store(BELIEVED, Ordering::Relaxed);
    }

    /// It did not show what is there.
    pub(super) fn give_up(&self) {
        self.0.store(USELESS, Ordering::Relaxed);
    }
}

/// Whether `GET` would tell the same: we are not let in, or `HEAD` works and all
/// tries failed.
pub(super) fn decides(error: &TransportError, believed: bool) -> bool {
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
pub(super) fn described(answer: &Answer, tag_or_digest: &str) -> Option<Descriptor> {
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
