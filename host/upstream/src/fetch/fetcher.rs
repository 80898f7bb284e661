//! The fetcher: downloads files, and keeps verified ones in a cache folder.

use std::collections::HashMap;
use std::fs::{File, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bakehouse_core::mirrors::Mirrors;
use bakehouse_core::progress::{Reporter, Silent};
use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::http::request::{chunk, shown};
use bakehouse_system::http::retry::{Backoff, PATIENCE, Pauses, Retry};
use bakehouse_system::http::{Rate, SetUpError};
use bakehouse_system::place::{place, placed, scratch};
use bakehouse_system::quota::Quota;
use bakehouse_system::unpack::{Archive, UnpackLimits, extract};
use bakehouse_system::work_tree::WorkTree;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use super::cache::{Cache, Cached};
use super::integrity::{Digests, Hashing, Integrity};
use super::route::{Clients, Route};
use super::{Download, Downloaded, FetchError, Unpack};

/// Bytes of downloads that are kept, where nothing is said.
const DEFAULT_KEPT: u64 = 10 << 30;
const DEFAULT_MAX_BYTES: u64 = 4 << 30;
const DEFAULT_IDLE: Duration = Duration::from_secs(30);
/// The least bytes that a download must have received in each [`WINDOW`].
const LEAST: u64 = 600_000;
const WINDOW: Duration = Duration::from_secs(60);

/// Downloads files; keeps verified ones in a cache folder. Clones share it.
#[derive(Clone)]
pub struct Fetcher {
    clients: Clients,
    cache: Cache,
    mirrors: Mirrors,
    max_bytes: u64,
    idle: Duration,
    least: u64,
    window: Duration,
    patience: Duration,
    pauses: Pauses,
    reporter: Arc<dyn Reporter>,
    /// One download of the same bytes at a time; the next finds them cached.
    running: Arc<Mutex<HashMap<String, Arc<AsyncMutex<()>>>>>,
}

impl Fetcher {
    /// Uses this cache folder.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(cache: PathBuf) -> Result<Self, SetUpError> {
        Ok(Self {
            clients: Clients::new()?,
            cache: Cache::new(cache, DEFAULT_KEPT),
            mirrors: Mirrors::default(),
            max_bytes: DEFAULT_MAX_BYTES,
            idle: DEFAULT_IDLE,
            least: LEAST,
            window: WINDOW,
            patience: PATIENCE,
            pauses: Pauses::default(),
            reporter: Arc::new(Silent),
            running: Arc::default(),
        })
    }

    /// Keeps so many bytes of downloads; those that were used longest ago go.
    #[must_use]
    pub fn kept(mut self, bytes: u64) -> Self {
        self.cache = self.cache.bound(bytes);
        self
    }

    /// Fetches from these mirrors what they have.
    #[must_use]
    pub fn mirrors(mut self, mirrors: Mirrors) -> Self {
        self.mirrors = mirrors;
        self
    }

    /// Tells this reporter of tries that failed and of pauses.
    #[must_use]
    pub fn reporter(mut self, reporter: Arc<dyn Reporter>) -> Self {
        self.reporter = reporter;
        self
    }

    /// The longest time that one download waits in all for servers that ask for
    /// pauses (45 s).
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
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
    pub async fn download(&self, request: Download<'_>) -> Result<Downloaded, FetchError> {
        let url = checked(request.url)?;
        let integrity = request.integrity.map(Integrity::parse).transpose()?;
        let tree = WorkTree::open(request.work_tree)?;
        let into = tree.resolve(request.into)?;
        if request.unpack == Unpack::None && into.is_dir() {
            return Err(FetchError::Folder(request.into.to_owned()));
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
        let how = match request.unpack {
            Unpack::None => None,
            Unpack::Archive(archive) => Some(archive.clone()),
        };
        let room = request.room;
        let name = url.path_segments().and_then(Iterator::last);
        let name = name.unwrap_or_default().to_owned();
        let what = shown(&url);
        let stop = StopOnDrop::default();
        let stopped = Arc::clone(&stop.0);
        worker(&shown(&url), move || {
            let packed = how.as_ref().map(|archive| (archive, name.as_str()));
            put(&what, file, packed, room, &tree, &into, &stopped)
        })
        .await??;
        Ok(downloaded)
    }

    async fn cached(
        &self,
        url: &Url,
        integrity: &Integrity,
        route: Route<'_>,
    ) -> Result<(File, Digests), FetchError> {
        let turn = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(running.entry(integrity.hex().join(" ")).or_default())
        };
        let _mine = turn.lock().await;
        let (cache, from, wanted) = (self.cache.clone(), url.clone(), integrity.clone());
        let found = worker(&shown(url), move || cache.open(&from, &wanted)).await??;
        if let Some(Cached { file, digests, way }) = found
            && self.clients.allows(&way, route).await
        {
            return Ok((file, digests));
        }
        let (part, digests, way) = self.fetch(url, Some(integrity), route).await?;
        integrity.verify(&digests, &shown(url))?;
        let file = self.cache.keep(part, &way, integrity)?;
        Ok((file, digests))
    }

    async fn fetch(
        &self,
        url: &Url,
        integrity: Option<&Integrity>,
        route: Route<'_>,
    ) -> Result<(NamedTempFile, Digests, Vec<Url>), FetchError> {
        let what = shown(url);
        let backoff = Backoff::UPSTREAM;
        let mut retry = Retry::new(&what, backoff, self.patience, &self.pauses, &*self.reporter);
        loop {
            match self.fetch_once(url, integrity, route, &mut retry).await {
                Ok(done) => return Ok(done),
                Err(failed) => retry.again(failed).await?,
            }
        }
    }

    async fn fetch_once(
        &self,
        url: &Url,
        integrity: Option<&Integrity>,
        route: Route<'_>,
        retry: &mut Retry<'_>,
    ) -> Result<(NamedTempFile, Digests, Vec<Url>), FetchError> {
        let what = shown(url);
        let (mut response, way) = self
            .clients
            .get(url, route, &self.mirrors, self.idle, retry)
            .await?;
        let announced = response.content_length();
        let too_large = || FetchError::Large {
            what: what.clone(),
            limit: self.max_bytes,
        };
        if announced.is_some_and(|size| size > self.max_bytes) {
            return Err(too_large());
        }
        let part = self.cache.part()?;
        let file = part.reopen().at("write", part.path())?;
        let mut file = tokio::fs::File::from_std(file);
        let mut hashing = Hashing::new(integrity);
        let mut rate = Rate::new(self.least, self.window);
        loop {
            let piece = chunk(&mut response, self.idle).await;
            let piece = piece.map_err(|source| FetchError::Http {
                what: what.clone(),
                source,
            })?;
            let Some(bytes) = piece else { break };
            rate.came(bytes.len()).map_err(|source| FetchError::Slow {
                what: what.clone(),
                source,
            })?;
            hashing.update(&bytes);
            if hashing.size() > self.max_bytes {
                return Err(too_large());
            }
            file.write_all(&bytes).await.at("write", part.path())?;
        }
        file.flush().await.at("write", part.path())?;
        Ok((part, hashing.finish(), way))
    }
}

/// Runs what blocks on a thread of its own.
async fn worker<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, FetchError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|error| FetchError::Worker {
        what: what.to_owned(),
        source: error.into(),
    })
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
    what: &str,
    file: File,
    packed: Option<(&Archive, &str)>,
    room: Quota,
    tree: &WorkTree,
    into: &Path,
    stop: &AtomicBool,
) -> Result<(), FetchError> {
    let scratch = scratch(tree)?;
    let content = scratch.path().join("content");
    let stored = |error| StorageError::new("write", &content, error);
    let unpacked = |source| FetchError::Unpack {
        what: what.to_owned(),
        source,
    };
    let limits = UnpackLimits::default().within(room);
    match packed {
        None => {
            let mut out = File::create(&content).map_err(stored)?;
            let mut bounded = file.take(room.bytes.saturating_add(1));
            if io::copy(&mut bounded, &mut out).map_err(stored)? > room.bytes {
                return Err(FetchError::Room {
                    what: what.to_owned(),
                });
            }
            out.set_permissions(Permissions::from_mode(0o644))
                .map_err(stored)?;
        }
        Some((archive, name)) => {
            extract(file, name, archive, &content, limits, stop).map_err(unpacked)?;
        }
    }
    place(&content, into).map_err(|error| FetchError::Place {
        what: what.to_owned(),
        source: placed(into, error),
    })
}

/// A URL in the one way to write it: grants compare its beginning, and
/// `https://host/granted/../other` must not pass them.
fn checked(text: &str) -> Result<Url, FetchError> {
    let bad = |why: &str| FetchError::Url(why.to_owned());
    let url = Url::parse(text).map_err(|e| bad(&format!("cannot be read: {e}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad(&format!("is {}, not http or https", url.scheme())));
    }
    let lower = url.path().to_ascii_lowercase();
    if url.as_str() != text || lower.contains("%2e") || lower.contains("%5c") {
        return Err(bad(&format!(
            "is not in normal form; write it as {}",
            shown(&url)
        )));
    }
    Ok(url)
}

#[cfg(test)]
#[path = "fetcher_tests.rs"]
mod tests;
