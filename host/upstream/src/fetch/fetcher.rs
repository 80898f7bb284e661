//! Downloads files; keeps verified ones in a cache folder.

use std::collections::HashMap;
use std::fs::{File, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bakehouse_core::mirrors::Mirrors;
use bakehouse_core::recipe::CallError;
use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::http::Rate;
use bakehouse_system::http::client::{self as http, Attempt, Tries};
use bakehouse_system::place::{place, placed, scratch};
use bakehouse_system::quota::Quota;
use bakehouse_system::unpack::{Limits, Origin, unpack};
use bakehouse_system::work_tree::WorkTree;
use flate2::read::MultiGzDecoder;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use super::cache::{Cache, Cached};
use super::integrity::{Digests, Hashing, Integrity};
use super::route::{Clients, Route};
use super::{Download, Downloaded, Unpack};

const DEFAULT_MAX_BYTES: u64 = 4 << 30;
const DEFAULT_IDLE: Duration = Duration::from_secs(30);
/// What a download must have received in each such time.
const LEAST: u64 = 600_000;
const WINDOW: Duration = Duration::from_secs(60);

/// Downloads files; keeps verified ones in a cache folder. Clones share it.
#[derive(Debug, Clone)]
pub struct Fetcher {
    clients: Clients,
    cache: Cache,
    mirrors: Mirrors,
    max_bytes: u64,
    idle: Duration,
    least: u64,
    window: Duration,
    /// One download of the same bytes at a time; the next finds them cached.
    running: Arc<Mutex<HashMap<String, Arc<AsyncMutex<()>>>>>,
}

impl Fetcher {
    /// Uses this cache folder.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(cache: PathBuf) -> reqwest::Result<Self> {
        Ok(Self {
            clients: Clients::new()?,
            cache: Cache::new(cache),
            mirrors: Mirrors::default(),
            max_bytes: DEFAULT_MAX_BYTES,
            idle: DEFAULT_IDLE,
            least: LEAST,
            window: WINDOW,
            running: Arc::default(),
        })
    }

    /// Fetches from these mirrors what they have.
    #[must_use]
    pub fn mirrors(mut self, mirrors: Mirrors) -> Self {
        self.mirrors = mirrors;
        self
    }

    /// The most bytes of one download (4 GiB), and how long the other side may
    /// say nothing (30 s).
    #[must_use]
    pub const fn limits(mut self, max_bytes: u64, idle: Duration) -> Self {
        self.max_bytes = max_bytes;
        self.idle = idle;
        self
    }

    /// The least that must come of a download in each such time (600 kB a
    /// minute).
    #[must_use]
    pub const fn rate(mut self, least: u64, window: Duration) -> Self {
        self.least = least;
        self.window = window;
        self
    }

    /// Runs one download to its end.
    ///
    /// # Errors
    /// As the contract's `fetch.download`.
    pub async fn download(&self, request: Download<'_>) -> Result<Downloaded, CallError> {
        let url = checked(request.url)?;
        let integrity = request.integrity.map(Integrity::parse).transpose()?;
        let tree = WorkTree::open(request.work_tree)?;
        let into = tree.resolve(request.into)?;
        if request.unpack == Unpack::None && into.is_dir() {
            return Err(CallError::InvalidInput(format!(
                "`{}` is a folder; name the file to write",
                request.into
            )));
        }

        let (file, digests) = match &integrity {
            Some(integrity) => self.cached(&url, integrity, request.route).await?,
            None => {
                let (part, digests, _) = self.fetch(&url, None, request.route).await?;
                (part.reopen().at("read", part.path())?, digests)
            }
        };
        let downloaded = Downloaded {
            size: digests.size,
            digest: format!("sha256:{}", digests.sha256),
        };
        let (how, room) = (request.unpack, request.room);
        let what = http::shown(&url);
        let stop = StopOnDrop::default();
        let stopped = Arc::clone(&stop.0);
        tokio::task::spawn_blocking(move || put(file, how, room, &tree, &into, &stopped))
            .await
            .map_err(|e| CallError::Other(format!("{what}: {e}")))?
            .map_err(|e| named(&what, e))?;
        Ok(downloaded)
    }

    async fn cached(
        &self,
        url: &Url,
        integrity: &Integrity,
        route: Route<'_>,
    ) -> Result<(File, Digests), CallError> {
        let turn = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(running.entry(integrity.hex().join(" ")).or_default())
        };
        let _mine = turn.lock().await;
        let (cache, from, wanted) = (self.cache.clone(), url.clone(), integrity.clone());
        let found = tokio::task::spawn_blocking(move || cache.open(&from, &wanted))
            .await
            .map_err(|e| CallError::Other(e.to_string()))??;
        if let Some(Cached { file, digests, way }) = found
            && self.clients.allows(&way, route).await
        {
            return Ok((file, digests));
        }
        let (part, digests, way) = self.fetch(url, Some(integrity), route).await?;
        integrity.verify(&digests, &http::shown(url))?;
        let file = self.cache.keep(part, &way, integrity)?;
        Ok((file, digests))
    }

    async fn fetch(
        &self,
        url: &Url,
        integrity: Option<&Integrity>,
        route: Route<'_>,
    ) -> Result<(NamedTempFile, Digests, Vec<Url>), CallError> {
        let mut tries = Tries::default();
        loop {
            match self.fetch_once(url, integrity, route).await {
                Ok(done) => return Ok(done),
                Err(failed) => tries.pause_or_fail(failed).await?,
            }
        }
    }

    async fn fetch_once(
        &self,
        url: &Url,
        integrity: Option<&Integrity>,
        route: Route<'_>,
    ) -> Result<(NamedTempFile, Digests, Vec<Url>), Attempt> {
        let what = http::shown(url);
        let (mut response, way) = self
            .clients
            .get(url, route, &self.mirrors, self.idle)
            .await?;
        let announced = response.content_length();
        let too_large = || {
            CallError::InvalidInput(format!(
                "{what}: larger than the limit of {} bytes",
                self.max_bytes
            ))
        };
        if announced.is_some_and(|size| size > self.max_bytes) {
            return Err(too_large().into());
        }
        let part = self.cache.part().map_err(CallError::from)?;
        let stored = |e: io::Error| CallError::from(StorageError::new("write", part.path(), e));
        let file = part.reopen().map_err(stored)?;
        let mut file = tokio::fs::File::from_std(file);
        let mut hashing = Hashing::new(integrity);
        let mut rate = Rate::new(self.least, self.window);
        while let Some(bytes) = http::chunk(&mut response, &what, self.idle).await? {
            rate.came(bytes.len())
                .map_err(|slow| Attempt::Final(CallError::Timeout(format!("{what}: {slow}"))))?;
            hashing.update(&bytes);
            if hashing.size() > self.max_bytes {
                return Err(too_large().into());
            }
            file.write_all(&bytes).await.map_err(stored)?;
        }
        file.flush().await.map_err(stored)?;
        Ok((part, hashing.finish(), way))
    }
}

/// Tells the blocking half to stop when the call is cancelled.
#[derive(Debug, Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn put(
    file: File,
    how: Unpack,
    room: Quota,
    tree: &WorkTree,
    into: &Path,
    stop: &AtomicBool,
) -> Result<(), CallError> {
    let scratch = scratch(tree)?;
    let content = scratch.path().join("content");
    let stored = |error| CallError::from(StorageError::new("write", &content, error));
    let limits = Limits::default().within(room);
    match how {
        Unpack::None => {
            let mut out = File::create(&content).map_err(stored)?;
            let mut bounded = file.take(room.bytes.saturating_add(1));
            if io::copy(&mut bounded, &mut out).map_err(stored)? > room.bytes {
                return Err(CallError::InvalidInput(
                    "the file is larger than what the work tree may hold".to_owned(),
                ));
            }
            out.set_permissions(Permissions::from_mode(0o644))
                .map_err(stored)?;
        }
        Unpack::Tar(strip) => {
            std::fs::create_dir(&content).map_err(stored)?;
            let file = io::BufReader::with_capacity(1 << 16, file);
            unpack(file, Origin::Upstream, strip, &content, limits, stop)?;
        }
        Unpack::TarGz(strip) => {
            std::fs::create_dir(&content).map_err(stored)?;
            let file = MultiGzDecoder::new(io::BufReader::with_capacity(1 << 16, file));
            unpack(file, Origin::Upstream, strip, &content, limits, stop)?;
        }
    }
    place(&content, into).map_err(|error| placed(into, error))
}

/// A URL in the one way to write it: grants compare its beginning, and
/// `https://host/granted/../other` must not pass them.
fn checked(text: &str) -> Result<Url, CallError> {
    let bad = |why: &str| CallError::InvalidInput(format!("download URL {why}"));
    let url = Url::parse(text).map_err(|e| bad(&format!("cannot be read: {e}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad(&format!("is {}, not http or https", url.scheme())));
    }
    let lower = url.path().to_ascii_lowercase();
    if url.as_str() != text || lower.contains("%2e") || lower.contains("%5c") {
        return Err(bad(&format!(
            "is not in normal form; write it as {}",
            http::shown(&url)
        )));
    }
    Ok(url)
}

fn named(what: &str, error: CallError) -> CallError {
    match error {
        CallError::InvalidInput(text) => CallError::InvalidInput(format!("{what}: {text}")),
        CallError::Other(text) => CallError::Other(format!("{what}: {text}")),
        other => other,
    }
}

#[cfg(test)]
#[path = "fetcher_tests.rs"]
mod tests;
