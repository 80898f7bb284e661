//! A look at a tag or digest, by `HEAD` first and by `GET` where that decides.

use std::time::Duration;

use oci_spec::image::Descriptor;
use reqwest::Method;

use super::client::Registry;
use super::error::RegistryError;
use super::heads::{decides, described};
use super::manifest::Manifest;
use super::transport::{Answer, Request, TransportError};

/// The result of a look at a tag or digest.
pub(super) enum Looked {
    /// Nothing.
    Absent,
    /// The descriptor that the answer to `HEAD` makes.
    Head(Descriptor),
    /// The manifest that `GET` has.
    Whole(Manifest),
}

impl Registry {
    /// True of a tag that was looked for within this time, and that the registry did
    /// not have; this client has not put it there since.
    #[must_use]
    pub fn was_absent(&self, image: &str, tag: &str, within: Duration) -> bool {
        self.absences.is_seen(image, tag, within)
    }

    /// The descriptor that a tag or digest points at; none when the registry does
    /// not have it. Costs one request, which no registry counts as a pull, where
    /// the registry can be believed about it; see `heads.rs`.
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
        if !self.heads.are_useless() {
            let what = format!("looking for {}", self.endpoint().show(image, tag_or_digest));
            let request = self.manifest_request(&what, Method::HEAD, image, tag_or_digest)?;
            match self.ask_head(&request).await {
                Ok(answer) => {
                    if let Some(descriptor) = described(&answer, tag_or_digest) {
                        self.heads.believe();
                        return Ok(Looked::Head(descriptor));
                    }
                    useless = true;
                }
                Err(error) if error.is_absent() && self.heads.are_believed() => {
                    self.absences.note(image, tag_or_digest);
                    return Ok(Looked::Absent);
                }
                Err(error) if decides(&error, self.heads.are_believed()) => {
                    return Err(self.failed(&what, error));
                }
                // What may be over in a moment says nothing of the next one.
                Err(error) => useless = !error.is_transient(),
            }
        }
        let Some(manifest) = self.manifest(image, tag_or_digest).await? else {
            self.absences.note(image, tag_or_digest);
            return Ok(Looked::Absent);
        };
        if useless {
            self.heads.give_up();
        }
        Ok(Looked::Whole(manifest))
    }

    /// Again where that may help, once `HEAD` has worked; else `GET` is the next
    /// try.
    async fn ask_head(&self, request: &Request<'_>) -> Result<Answer, TransportError> {
        match self.heads.are_believed() {
            true => self.transport.send(request).await,
            false => self.transport.once(request).await,
        }
    }
}
