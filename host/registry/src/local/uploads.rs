//! Uploads on their way to disk (distribution-spec v1.1, "Pushing blobs").
//!
//! Each is a file that grows as bytes come, so memory does not depend on how large
//! a layer is. Uploads live as long as the process that serves: a client whose
//! upload is gone begins anew.

use std::collections::HashMap;
use std::fs;
use std::io::{self, SeekFrom};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use ferro_blob_store::{Digest, DigestAlgo};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use super::blobs::{Blobs, hash};

/// Uploads at the same time.
const MOST: usize = 1024;
/// The longest time that an upload may rest before it is forgotten.
const REST: Duration = Duration::from_secs(3600);

/// All uploads of one server.
#[derive(Debug)]
pub(super) struct Uploads {
    folder: PathBuf,
    running: Mutex<HashMap<String, Running>>,
}

#[derive(Debug, Clone)]
struct Running {
    upload: Arc<tokio::sync::Mutex<Upload>>,
    used: Instant,
}

/// One upload.
#[derive(Debug)]
pub(super) struct Upload {
    path: PathBuf,
    file: File,
    /// Bytes that are in the file, and in the hash.
    offset: u64,
    hash: Sha256,
}

/// The reasons why an upload does not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    /// Nobody knows it.
    #[error("there is no such upload")]
    Unknown,
    /// Too many at a time.
    #[error("there are {MOST} uploads already")]
    Full,
    /// The client is at another byte.
    #[error("the upload is at byte {0}")]
    OutOfStep(u64),
    /// The client's connection broke.
    #[error("the upload broke off")]
    Broken,
    /// The bytes that came have another digest.
    #[error("what was uploaded is not {0}")]
    Digest(String),
    /// The disk does not take it.
    #[error("cannot store the upload: {0}")]
    Io(#[from] io::Error),
}

impl Uploads {
    /// Uploads into this folder, where those of an earlier process are removed.
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir_all(&folder)?;
        Ok(Self {
            folder,
            running: Mutex::default(),
        })
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an upload, and answers its name.
    pub(super) async fn begin(&self) -> Result<String, UploadError> {
        self.running()
            .retain(|_, running| running.used.elapsed() < REST);
        if self.running().len() >= MOST {
            return Err(UploadError::Full);
        }
        let id: String = std::iter::repeat_with(fastrand::alphanumeric)
            .take(32)
            .collect();
        let path = self.folder.join(&id);
        let upload = Upload {
            file: File::create(&path).await?,
            path,
            offset: 0,
            hash: Sha256::new(),
        };
        let running = Running {
            upload: Arc::new(tokio::sync::Mutex::new(upload)),
            used: Instant::now(),
        };
        self.running().insert(id.clone(), running);
        Ok(id)
    }

    fn get(&self, id: &str) -> Result<Arc<tokio::sync::Mutex<Upload>>, UploadError> {
        let mut running = self.running();
        let found = running.get_mut(id).ok_or(UploadError::Unknown)?;
        found.used = Instant::now();
        Ok(Arc::clone(&found.upload))
    }

    /// Bytes that an upload has.
    pub(super) async fn offset(&self, id: &str) -> Result<u64, UploadError> {
        Ok(self.get(id)?.lock().await.offset)
    }

    /// Adds a body, which begins at byte `from` where the client says so, and
    /// answers how many bytes there are now.
    pub(super) async fn append(
        &self,
        id: &str,
        from: Option<u64>,
        body: Body,
    ) -> Result<u64, UploadError> {
        let upload = self.get(id)?;
        let mut upload = upload.lock().await;
        let appended = upload.append(from, body).await;
        if matches!(appended, Err(UploadError::Io(_))) {
            self.cancel(id)?;
        }
        appended.map(|()| upload.offset)
    }

    /// Ends an upload: it becomes a blob, if that is what it is.
    pub(super) async fn finish(
        &self,
        id: &str,
        digest: &Digest,
        blobs: &Blobs,
    ) -> Result<(), UploadError> {
        let upload = self.get(id)?;
        self.cancel(id)?;
        let mut upload = upload.lock().await;
        upload.file.flush().await?;
        upload.file.set_len(upload.offset).await?;
        if upload.hex(digest.algo()).await? != digest.hex() {
            return Err(UploadError::Digest(digest.to_string()));
        }
        blobs.take(&upload.path, digest)?;
        Ok(())
    }

    /// Forgets an upload. Its file goes when nobody writes to it any more.
    pub(super) fn cancel(&self, id: &str) -> Result<(), UploadError> {
        let removed = self.running().remove(id);
        removed.map(drop).ok_or(UploadError::Unknown)
    }
}

impl Upload {
    async fn append(&mut self, from: Option<u64>, body: Body) -> Result<(), UploadError> {
        if from.is_some_and(|from| from != self.offset) {
            return Err(UploadError::OutOfStep(self.offset));
        }
        // A request that broke off may have left more than was counted.
        self.file.set_len(self.offset).await?;
        self.file.seek(SeekFrom::Start(self.offset)).await?;
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|_| UploadError::Broken)?;
            self.file.write_all(&piece).await?;
            self.hash.update(&piece);
            self.offset += piece.len() as u64;
        }
        Ok(self.file.flush().await?)
    }

    async fn hex(&self, algorithm: DigestAlgo) -> io::Result<String> {
        if algorithm == DigestAlgo::Sha256 {
            return Ok(hex::encode(self.hash.clone().finalize()));
        }
        let file = fs::File::open(&self.path)?;
        let hashed = tokio::task::spawn_blocking(move || hash(algorithm, file));
        hashed.await.map_err(io::Error::other)?
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // As a blob it is elsewhere by now.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_upload_goes_on_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path());
        let uploads = Uploads::open(folder.path().join("uploads")).unwrap();
        let id = uploads.begin().await.unwrap();
        assert_eq!(uploads.append(&id, Some(0), "hel".into()).await.unwrap(), 3);
        let wrong = uploads.append(&id, Some(0), "hello".into()).await;
        assert!(matches!(wrong, Err(UploadError::OutOfStep(3))));
        let broken = futures_util::stream::iter([Ok("l"), Err(io::Error::other("gone"))]);
        let broken = uploads
            .append(&id, Some(3), Body::from_stream(broken))
            .await;
        assert!(matches!(broken, Err(UploadError::Broken)));
        assert_eq!(uploads.offset(&id).await.unwrap(), 4);
        assert_eq!(uploads.append(&id, None, "o".into()).await.unwrap(), 5);
        let digest = Digest::sha256_of(b"hello");
        uploads.finish(&id, &digest, &blobs).await.unwrap();
        assert_eq!(blobs.verify(&digest, Some(5)), Ok(5));
        let over = uploads.offset(&id).await;
        assert!(matches!(over, Err(UploadError::Unknown)));
    }

    #[tokio::test]
    async fn nothing_is_left_of_what_is_not_finished() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path());
        let place = folder.path().join("uploads");
        let uploads = Uploads::open(place.clone()).unwrap();
        let left = || fs::read_dir(&place).unwrap().count();

        let cancelled = uploads.begin().await.unwrap();
        uploads.append(&cancelled, None, "x".into()).await.unwrap();
        uploads.cancel(&cancelled).unwrap();
        assert_eq!(left(), 0);

        let id = uploads.begin().await.unwrap();
        uploads.append(&id, None, "jello".into()).await.unwrap();
        for digest in [Digest::sha256_of(b"hello"), Digest::sha512_of(b"hello")] {
            let id = uploads.begin().await.unwrap();
            uploads.append(&id, None, "jello".into()).await.unwrap();
            let wrong = uploads.finish(&id, &digest, &blobs).await;
            assert!(matches!(wrong, Err(UploadError::Digest(_))));
        }
        assert_eq!(left(), 1);
        // A killed process.
        Uploads::open(place.clone()).unwrap();
        assert_eq!(left(), 0);
    }
}
