//! Blobs as files that are read from a thread (distribution-spec v1.1, "Pulling
//! blobs").

use std::io::{self, Read};

use oci_spec::image::Descriptor;
use reqwest::header::{HeaderValue, RANGE};
use reqwest::{Method, StatusCode};
use tokio::runtime::Handle;

use super::client::Registry;
use super::transport::{Request, Scope};

/// Bytes asked for at a time.
const PIECE: u64 = 8 << 20;
/// The longest blob that is taken whole from a registry without ranges.
const WHOLE: u64 = 64 << 20;

/// A blob of a registry, read piece by piece; its digest is not verified.
pub struct BlobReader {
    registry: Registry,
    image: String,
    blob: Descriptor,
    runtime: Handle,
    /// Of the blob, where the next piece begins.
    next: u64,
    piece: io::Cursor<bytes::Bytes>,
}

impl Registry {
    /// A blob of an image's repository. The reader blocks: it is for threads
    /// that may.
    pub fn blob_reader(&self, image: &str, blob: &Descriptor) -> BlobReader {
        BlobReader {
            registry: self.clone(),
            image: image.to_owned(),
            blob: blob.clone(),
            runtime: Handle::current(),
            next: 0,
            piece: io::Cursor::default(),
        }
    }

    /// Bytes of a blob from `start` on, and whether they are all of it.
    async fn piece(
        &self,
        image: &str,
        blob: &Descriptor,
        start: u64,
    ) -> io::Result<(bytes::Bytes, bool)> {
        let digest = blob.digest().to_string();
        let what = format!("reading {}", self.endpoint().show(image, &digest));
        let repository = self.endpoint().path(image);
        let url = self
            .url(&format!("{repository}/blobs/{digest}"))
            .map_err(io::Error::other)?;
        let mut request =
            Request::new(&what, Method::GET, url, Scope::pull(&repository)).limit(WHOLE);
        let range = format!("bytes={start}-{}", start + PIECE - 1);
        let range = HeaderValue::from_str(&range).map_err(io::Error::other)?;
        request.headers.insert(RANGE, range);
        let answer = self.transport.send(&request).await;
        let answer = answer.map_err(|error| io::Error::other(self.failed(&what, error)))?;
        let whole = answer.status != StatusCode::PARTIAL_CONTENT;
        Ok((answer.body, whole))
    }
}

impl Read for BlobReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.piece.read(into)?;
        let size = self.blob.size();
        if read > 0 || into.is_empty() || self.next >= size {
            return Ok(read);
        }
        let piece = self.registry.piece(&self.image, &self.blob, self.next);
        let (bytes, whole) = self.runtime.block_on(piece)?;
        if bytes.is_empty() || (whole && self.next > 0) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.next = if whole {
            size
        } else {
            self.next + bytes.len() as u64
        };
        self.piece = io::Cursor::new(bytes);
        self.piece.read(into)
    }
}
