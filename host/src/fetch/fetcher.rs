//! Downloading, verifying and caching.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt as _;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;

use super::integrity::{Integrity, measure};
use super::unpack::{Unpack, unpack};
use crate::recipe::CallError;
use crate::work_tree::WorkTree;

/// Tries in all.
const ATTEMPTS: u32 = 3;
/// Most bytes a download may have.
const MAX_BYTES: u64 = 4 << 30;

/// A download that arrived (the contract's `fetch.downloaded`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Bytes received.
    pub size: u64,
    /// `sha256:HEX` of them.
    pub digest: String,
}

/// One download.
#[derive(Debug, Clone, Copy)]
pub struct Download<'a> {
    /// `http` or `https` URL.
    pub url: &'a str,
    /// Subresource Integrity or `sha256:HEX`.
    pub integrity: Option<&'a str>,
    /// The work tree.
    pub work_tree: &'a Path,
    /// Path relative to it.
    pub into: &'a str,
    /// What to do with the bytes.
    pub unpack: Unpack,
}

/// Downloads files; keeps verified ones in a cache folder.
#[derive(Debug, Clone)]
pub struct Fetcher {
    http: reqwest::Client,
    cache: PathBuf,
}

impl Fetcher {
    /// Uses this HTTP client and cache folder.
    #[must_use]
    pub const fn new(http: reqwest::Client, cache: PathBuf) -> Self {
        Self { http, cache }
    }

    /// Runs one download to its end. Nothing appears under `into` before it was
    /// verified; what was there is replaced.
    ///
    /// # Errors
    /// As the contract's `fetch.download`.
    pub async fn download(&self, request: Download<'_>) -> Result<Downloaded, CallError> {
        let url = parse(request.url)?;
        let shown = show(&url);
        let expected: Option<Integrity> = request.integrity.map(str::parse).transpose()?;
        let into = WorkTree::new(request.work_tree).resolve(request.into)?;
        if into == request.work_tree && request.unpack == Unpack::None {
            return Err(CallError::InvalidInput(
                "`into` must name a file".to_owned(),
            ));
        }
        tokio::fs::create_dir_all(&self.cache).await.map_err(disk)?;
        let cached = expected.as_ref().map(|e| self.cache.join(e.file_name()));

        let hit = match &cached {
            Some(path) => verify(path.clone(), expected.clone())
                .await
                .ok()
                .filter(|(.., good)| *good),
            None => None,
        };
        let (source, _keep, size, digest) = if let (Some((size, digest, _)), Some(path)) =
            (hit, &cached)
        {
            (path.clone(), None, size, digest)
        } else {
            let file = self.get(url, &shown).await?;
            let (size, digest, good) = verify(file.path().to_owned(), expected)
                .await
                .map_err(disk)?;
            if !good {
                return Err(CallError::Unavailable(format!(
                    "{shown} is not what was published: expected {}, got {digest} ({size} bytes)",
                    request.integrity.unwrap_or_default()
                )));
            }
            match &cached {
                Some(path) => {
                    file.persist(path).map_err(|error| disk(error.error))?;
                    (path.clone(), None, size, digest)
                }
                None => (file.path().to_owned(), Some(file), size, digest),
            }
        };
        let how = request.unpack;
        let root = request.work_tree.to_owned();
        tokio::task::spawn_blocking(move || place(&source, how, &root, &into))
            .await
            .map_err(|error| CallError::Other(error.to_string()))??;
        Ok(Downloaded { size, digest })
    }

    async fn get(&self, url: url::Url, shown: &str) -> Result<NamedTempFile, CallError> {
        let mut attempt = 1;
        loop {
            match self.try_get(url.clone(), shown).await {
                Err((error, true)) if attempt < ATTEMPTS => {
                    tracing::info!("{error}; trying again");
                    tokio::time::sleep(Duration::from_millis(300) * 2u32.pow(attempt)).await;
                    attempt += 1;
                }
                Err((error, _)) => return Err(error),
                Ok(file) => return Ok(file),
            }
        }
    }

    /// One try; a failure comes with whether another try may help.
    async fn try_get(
        &self,
        url: url::Url,
        shown: &str,
    ) -> Result<NamedTempFile, (CallError, bool)> {
        let response = self
            .http
            .get(url)
            .send()
            .await
            .map_err(|error| (transport(shown, &error), true))?;
        let status = response.status();
        if !status.is_success() {
            return Err(crate::release::status_error(shown, status));
        }
        let file = NamedTempFile::new_in(&self.cache).map_err(|error| (disk(error), false))?;
        let handle = file.reopen().map_err(|error| (disk(error), false))?;
        let mut out = tokio::fs::File::from_std(handle);
        let mut size = 0;
        let mut body = response.bytes_stream();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| (transport(shown, &error), true))?;
            size += piece.len() as u64;
            if size > MAX_BYTES {
                let message = format!("{shown} is larger than {MAX_BYTES} bytes");
                return Err((CallError::InvalidInput(message), false));
            }
            out.write_all(&piece)
                .await
                .map_err(|error| (disk(error), false))?;
        }
        out.flush().await.map_err(|error| (disk(error), false))?;
        Ok(file)
    }
}

/// Puts verified bytes in place, whole or not at all.
fn place(source: &Path, how: Unpack, root: &Path, into: &Path) -> Result<(), CallError> {
    let beside = root.parent().unwrap_or(root);
    let staging = tempfile::tempdir_in(beside).map_err(disk)?;
    let staged = staging.path().join("content");
    unpack(source, how, &staged)?;
    if into == root {
        for entry in std::fs::read_dir(&staged).map_err(disk)? {
            let entry = entry.map_err(disk)?;
            replace(&entry.path(), &root.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(parent) = into.parent() {
        std::fs::create_dir_all(parent).map_err(disk)?;
    }
    replace(&staged, into)
}

fn replace(from: &Path, to: &Path) -> Result<(), CallError> {
    match to.symlink_metadata() {
        Ok(old) if old.is_dir() => std::fs::remove_dir_all(to).map_err(disk)?,
        Ok(_) => std::fs::remove_file(to).map_err(disk)?,
        Err(_) => {}
    }
    std::fs::rename(from, to).map_err(disk)
}

async fn verify(
    path: PathBuf,
    expected: Option<Integrity>,
) -> std::io::Result<(u64, String, bool)> {
    tokio::task::spawn_blocking(move || measure(std::fs::File::open(path)?, expected.as_ref()))
        .await
        .map_err(std::io::Error::other)?
}

fn parse(text: &str) -> Result<url::Url, CallError> {
    let url = url::Url::parse(text)
        .map_err(|error| CallError::InvalidInput(format!("`{text}` is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(CallError::InvalidInput(format!(
            "`{text}` is neither http nor https"
        )));
    }
    Ok(url)
}

/// A URL without the parts that may hold secrets.
pub(crate) fn show(url: &url::Url) -> String {
    format!(
        "{}://{}{}{}",
        url.scheme(),
        url.host_str().unwrap_or_default(),
        url.port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default(),
        url.path()
    )
}

pub(crate) fn transport(shown: &str, error: &reqwest::Error) -> CallError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let message = format!("cannot read {shown}: {cause}");
    if error.is_timeout() {
        CallError::Timeout(message)
    } else {
        CallError::Unavailable(message)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a map_err function")]
fn disk(error: std::io::Error) -> CallError {
    CallError::Other(format!("cannot write a download: {error}"))
}
