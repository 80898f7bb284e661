//! Uploading one blob (distribution-spec v1.1, "Pushing blobs").

use std::sync::Arc;

use futures_util::StreamExt as _;
use oci_spec::image::Descriptor;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderValue, RANGE};
use reqwest::{Method, StatusCode};
use url::Url;

use super::archive::{Archive, LayoutError};
use super::client::Registry;
use super::push::{PushError, Sent, Told};
use super::transport::{Answer, Outgoing, Request, Scope, TransportError};

/// Blobs up to this size are sent in one request from memory.
const SMALL: u64 = 1 << 20;
/// So many bytes further on, an upload that broke has all its tries again.
const PROGRESS: u64 = 8 << 20;
const FIRST_BYTE: HeaderValue = HeaderValue::from_static("bytes=0-0");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// The reasons why one try to send a blob failed.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error(transparent)]
    Layout(#[from] LayoutError),
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// One blob on its way into one repository.
struct Upload<'a> {
    registry: &'a Registry,
    archive: &'a Archive,
    blob: &'a Descriptor,
    digest: String,
    repository: String,
    what: String,
    told: &'a Told,
}

/// An upload that was begun.
struct UploadSession {
    location: Url,
    /// Bytes that the registry has.
    offset: u64,
}

impl Registry {
    /// Uploads a blob of an archive unless the registry has it, or can mount it
    /// from another image.
    pub(super) async fn push_blob(
        &self,
        image: &str,
        archive: &Archive,
        blob: &Descriptor,
        told: &Told,
    ) -> Result<(), PushError> {
        let digest = blob.digest().to_string();
        let upload = Upload {
            registry: self,
            archive,
            blob,
            repository: self.endpoint().path(image),
            what: format!("uploading {digest} for {image}"),
            digest,
            told,
        };
        // Two uploads of one blob at a time make some registries lose it.
        let turn = self
            .uploads
            .turn(format!("{}@{}", upload.repository, upload.digest));
        let _turn = turn.lock().await;
        match upload.run(image).await {
            Ok(()) => Ok(()),
            Err(SendError::Layout(error)) => Err(error.into()),
            Err(SendError::Transport(error)) => Err(self.failed(&upload.what, error).into()),
        }
    }
}

impl Upload<'_> {
    async fn run(&self, image: &str) -> Result<(), SendError> {
        if self.exists().await? {
            (self.told)(Sent::Skipped(self.blob.size()));
            return Ok(());
        }
        let elsewhere = self.registry.blobs.elsewhere(image, &self.digest);
        let from = elsewhere.map(|other| self.registry.endpoint().path(&other));
        let Some(mut session) = self.begin(from.as_deref()).await? else {
            (self.told)(Sent::Skipped(self.blob.size()));
            return Ok(());
        };
        let (mut attempt, mut reached) = (1, 0);
        loop {
            let error = match self.send(&mut session).await {
                Ok(()) => return Ok(()),
                Err(SendError::Layout(error)) => return Err(error.into()),
                Err(SendError::Transport(error)) => error,
            };
            // A session that the registry lost, or filled wrongly, is begun anew.
            let anew = error.is_absent() || error.is_bad_digest() || is_out_of_step(&error);
            let transport = &self.registry.transport;
            transport.pause(&self.what, error, attempt, anew).await?;
            attempt += 1;
            if self.exists().await? {
                return Ok(());
            }
            let resumed = match anew {
                true => None,
                false => self.resume(&session.location).await,
            };
            session = match resumed {
                Some(session) => session,
                None => match self.begin(None).await? {
                    Some(session) => session,
                    None => return Ok(()),
                },
            };
            if session.offset >= reached + PROGRESS {
                (attempt, reached) = (1, session.offset);
            }
        }
    }

    /// Whether the registry has the blob. Where it does not, or may not, the
    /// blob is uploaded, which does no harm.
    async fn exists(&self) -> Result<bool, TransportError> {
        let path = format!("{}/blobs/{}", self.repository, self.digest);
        let url = self.url(&path)?;
        let transport = &self.registry.transport;
        let head = self.request(Method::HEAD, url.clone());
        match transport.send(&head).await {
            Ok(answer) if self.is_whole(&answer) => return Ok(true),
            Err(error) if error.is_absent() => return Ok(false),
            // `HEAD` is refused, or tells of something else.
            Ok(_) => {}
            Err(TransportError::Status { status, .. }) if status != StatusCode::UNAUTHORIZED => {}
            Err(error) => return Err(error),
        }
        let get = self
            .request(Method::GET, url)
            .header(RANGE, FIRST_BYTE)
            .unread();
        match transport.send(&get).await {
            Ok(answer) => Ok(self.is_whole(&answer)),
            Err(TransportError::Status { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether an answer is about all of the blob, as far as it says how large
    /// that is.
    fn is_whole(&self, answer: &Answer) -> bool {
        let size = match answer.status {
            StatusCode::PARTIAL_CONTENT => answer
                .text(&CONTENT_RANGE)
                .and_then(|range| range.rsplit_once('/'))
                .map(|(_, size)| size),
            _ => answer.text(&CONTENT_LENGTH),
        };
        let size = size.and_then(|size| size.parse::<u64>().ok());
        size.is_none_or(|size| size == self.blob.size())
    }

    /// Begins an upload; none when the blob was mounted from another repository
    /// instead ("Mounting a blob from another repository").
    async fn begin(&self, from: Option<&str>) -> Result<Option<UploadSession>, TransportError> {
        let mut url = self.url(&format!("{}/blobs/uploads/", self.repository))?;
        let mut scope = Scope::push(&self.repository);
        if let Some(from) = from {
            url.query_pairs_mut()
                .append_pair("mount", &self.digest)
                .append_pair("from", from);
            scope = Scope::mount(&self.repository, from);
        }
        let mut request = self.request(Method::POST, url);
        request.scope = scope;
        let transport = &self.registry.transport;
        let answer = match transport.send(&request).await {
            // Not allowed to mount is no reason not to upload.
            Err(error) if from.is_some() && error.is_refused() => {
                return Box::pin(self.begin(None)).await;
            }
            answer => answer?,
        };
        if answer.status == StatusCode::CREATED {
            return Ok(None);
        }
        Ok(Some(UploadSession {
            location: self.location(&answer)?,
            offset: 0,
        }))
    }

    /// Sends what is missing, and closes the upload.
    async fn send(&self, session: &mut UploadSession) -> Result<(), SendError> {
        let transport = &self.registry.transport;
        if self.blob.size() <= SMALL && session.offset == 0 {
            let bytes = self.archive.bytes(self.blob)?;
            let mut request = self
                .request(Method::PUT, self.closing(&session.location))
                .header(CONTENT_TYPE, OCTETS);
            request.body = bytes;
            self.closed(&transport.once(&request).await?)?;
            (self.told)(Sent::Bytes(self.blob.size()));
            return Ok(());
        }
        if session.offset < self.blob.size() {
            let blob = self.archive.blob(self.blob, session.offset)?;
            let corrupt = blob.corrupt;
            let mut request = self
                .request(Method::PATCH, session.location.clone())
                .header(CONTENT_TYPE, OCTETS);
            if session.offset > 0 {
                let range = format!("{}-{}", session.offset, self.blob.size() - 1);
                let range = HeaderValue::from_str(&range)
                    .map_err(|error| TransportError::Request(error.to_string()))?;
                request = request.header(CONTENT_RANGE, range);
            }
            let told = Arc::clone(self.told);
            let stream = blob.stream.inspect(move |piece| {
                if let Ok(piece) = piece {
                    told(Sent::Bytes(piece.len() as u64));
                }
            });
            let body = Outgoing::new(blob.size, stream);
            let sent = transport.stream(&request, body).await;
            if corrupt.get().is_some() {
                return Err(LayoutError::Corrupt(self.digest.clone()).into());
            }
            session.location = self.location(&sent?)?;
            session.offset = self.blob.size();
        }
        let close = self.request(Method::PUT, self.closing(&session.location));
        Ok(self.closed(&transport.once(&close).await?)?)
    }

    /// The session of an upload that broke, at the byte where it stands; none when
    /// it cannot go on ("Resuming an upload").
    async fn resume(&self, location: &Url) -> Option<UploadSession> {
        let request = self.request(Method::GET, location.clone());
        let answer = self.registry.transport.send(&request).await.ok()?;
        let (_, last) = answer.text(&RANGE)?.rsplit_once('-')?;
        let last: u64 = last.parse().ok()?;
        // `0-0` is also what registries say of an upload without a byte.
        let offset = if last == 0 { 0 } else { last + 1 };
        Some(UploadSession {
            location: self.location(&answer).unwrap_or_else(|_| location.clone()),
            offset: (offset <= self.blob.size()).then_some(offset)?,
        })
    }

    fn closed(&self, answer: &Answer) -> Result<(), TransportError> {
        match answer.digest() {
            Some(other) if other != self.digest => Err(TransportError::OtherBlob {
                took: other.to_owned(),
                digest: self.digest.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn closing(&self, location: &Url) -> Url {
        let mut url = location.clone();
        url.query_pairs_mut().append_pair("digest", &self.digest);
        url
    }

    fn location(&self, answer: &Answer) -> Result<Url, TransportError> {
        self.registry.upload_location(answer, &self.repository)
    }

    fn url(&self, path: &str) -> Result<Url, TransportError> {
        self.registry.transport.url(path)
    }

    fn request(&self, method: Method, url: Url) -> Request<'_> {
        Request::new(&self.what, method, url, Scope::push(&self.repository))
    }
}

/// Whether the registry stands at another byte than we think (416, "Requested
/// Range Not Satisfiable").
fn is_out_of_step(error: &TransportError) -> bool {
    matches!(error, TransportError::Status { status, .. } if *status == StatusCode::RANGE_NOT_SATISFIABLE)
}
