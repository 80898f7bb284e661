//! A body on its way to the registry.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

/// A body that is streamed, and watched.
pub(crate) struct Outgoing {
    pub(super) size: u64,
    pub(super) stream: Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>,
    pub(super) progress: Arc<UploadProgress>,
}

/// The number of pieces of a body that the connection took.
#[derive(Debug, Default)]
pub(crate) struct UploadProgress(AtomicU64);

impl Outgoing {
    /// A body of `size` bytes.
    pub(crate) fn new(
        size: u64,
        stream: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        let progress = Arc::new(UploadProgress::default());
        let counted = Arc::clone(&progress);
        let stream = stream.inspect(move |_| {
            counted.0.fetch_add(1, Ordering::Relaxed);
        });
        Self {
            size,
            stream: Box::pin(stream),
            progress,
        }
    }
}

impl UploadProgress {
    /// Ends when nothing was taken for `silence`; after the last piece that is
    /// the time the answer may take.
    pub(super) async fn ceased(&self, silence: Duration) {
        let mut seen = None;
        loop {
            let now = self.0.load(Ordering::Relaxed);
            if seen.replace(now) == Some(now) {
                return;
            }
            tokio::time::sleep(silence).await;
        }
    }
}
