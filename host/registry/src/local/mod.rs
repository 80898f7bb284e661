//! The embedded registry (`--registry local`): inside this process, on loopback,
//! kept on disk.
//!
//! One process at a time owns a storage folder and serves it; others of the same
//! project use that one's address. When the owner ends, one of them takes over, at
//! the same address, so that what was begun goes on.

mod blobs;
mod content;
mod lease;
mod metadata;
mod server;
mod uploads;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bakehouse_core::progress::{Event, Reporter};
use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::storage;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use self::lease::{Address, Lease};
pub use self::metadata::MetadataError;

/// The pause between two looks at another process's lock and address.
const LOOK: Duration = Duration::from_millis(20);
/// The longest time that a process that holds the lock may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Times that taking over may fail.
const TRIES: u32 = 100;

/// The embedded registry cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LocalRegistryError {
    /// The file system refuses its folder.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Another process holds the folder's lock, and does not answer.
    #[error("{} is held by a process that does not answer", folder.display())]
    Held {
        /// The folder.
        folder: PathBuf,
    },
    /// The port cannot be had.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Port {
        /// The port.
        port: u16,
        /// The error that listening ended with.
        #[source]
        source: std::io::Error,
    },
    /// The list of what it holds is damaged.
    #[error("the embedded registry's list of images, {}, cannot be used", list.display())]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// The file in it.
        list: PathBuf,
        /// The fault of the list.
        #[source]
        source: MetadataError,
    },
}

/// The embedded registry. It serves, or stands by to serve, until it is dropped.
#[derive(Debug)]
pub struct LocalRegistry {
    address: SocketAddr,
    is_owner: bool,
    /// The server, or what takes its place when its process ends.
    _task: AbortOnDropHandle<()>,
}

/// A server, ready to run, with the lock on its folder.
struct Server {
    at: SocketAddr,
    listeners: Vec<TcpListener>,
    app: axum::Router,
    _lease: Lease,
}

impl LocalRegistry {
    /// Opens the storage folder and serves it on `127.0.0.1:port`; port 0 takes
    /// the one that was served last, or a free one. Where another process serves
    /// the folder already, its address is used. The reporter is told when taking
    /// over from it fails.
    ///
    /// # Errors
    /// When the port is taken, or the folder cannot be used.
    pub async fn open(
        folder: &Path,
        port: u16,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Self, LocalRegistryError> {
        storage::create(folder)?;
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(lease) = Lease::take(folder)? {
                let last = Address::read(folder).map(|last| last.at.port());
                let server = Server::open(folder, lease, port, last).await?;
                return Ok(Self {
                    address: server.at,
                    is_owner: true,
                    _task: AbortOnDropHandle::new(tokio::spawn(server.run())),
                });
            }
            if let Some(address) = Address::read(folder)
                && address.answers().await
            {
                let stand_by = stand_by(folder.to_owned(), address.at, reporter);
                return Ok(Self {
                    address: address.at,
                    is_owner: false,
                    _task: AbortOnDropHandle::new(tokio::spawn(stand_by)),
                });
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(LocalRegistryError::Held {
            folder: folder.to_owned(),
        })
    }

    /// Looks at a storage folder as [`open`](Self::open) does, and changes nothing.
    ///
    /// # Errors
    /// When the list of what it holds is damaged.
    pub fn look(folder: &Path) -> Result<(), LocalRegistryError> {
        metadata::look(folder).map_err(damaged(folder))?;
        Ok(())
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether this process served it from the start, not another one.
    #[must_use]
    pub const fn is_owner(&self) -> bool {
        self.is_owner
    }
}

/// Waits for the process that serves the folder to end, and serves it then, at the
/// same address.
async fn stand_by(folder: PathBuf, at: SocketAddr, reporter: Arc<dyn Reporter>) {
    let mut failed = 0;
    loop {
        tokio::time::sleep(LOOK).await;
        let Ok(Some(lease)) = Lease::take(&folder) else {
            continue;
        };
        match Server::open(&folder, lease, at.port(), None).await {
            Ok(server) => return server.run().await,
            // The other process's listener may close a moment later.
            Err(_) if failed < TRIES => failed += 1,
            Err(error) => {
                let cause = std::error::Error::source(&error);
                let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
                let message =
                    format!("the embedded registry is not served any more: {error}{cause}");
                reporter.report(Event::Warning { message: &message });
                return;
            }
        }
    }
}

impl Server {
    /// Checks the folder and listens on `port`; on 0 that is the `last` one or a
    /// free one. The last one is served as well, since processes may still use it.
    async fn open(
        folder: &Path,
        lease: Lease,
        port: u16,
        last: Option<u16>,
    ) -> Result<Self, LocalRegistryError> {
        let place = folder.to_owned();
        let checked = tokio::task::spawn_blocking(move || metadata::check(&place)).await;
        let checked = checked.map_err(std::io::Error::other).at("use", folder)?;
        checked.map_err(damaged(folder))?;
        let app = server::app(folder, lease.instance()).at("use", folder)?;
        let bind = |port| TcpListener::bind(("127.0.0.1", port));
        let mut listeners = Vec::new();
        if port != 0 {
            listeners.push(bind(port).await.map_err(taken(port))?);
        }
        if let Some(last) = last.filter(|last| *last != port) {
            listeners.extend(bind(last).await);
        }
        if listeners.is_empty() {
            listeners.push(bind(0).await.map_err(taken(0))?);
        }
        let at = listeners.iter().map(TcpListener::local_addr).next();
        let at = at.unwrap_or_else(|| Err(std::io::ErrorKind::AddrNotAvailable.into()));
        let at = at.at("use", folder)?;
        lease.announce(at)?;
        Ok(Self {
            at,
            listeners,
            app,
            _lease: lease,
        })
    }

    async fn run(self) {
        let serving = self.listeners.into_iter().map(|listener| {
            let app = self.app.clone();
            async move { axum::serve(listener, app).await }
        });
        if let Err(error) = futures_util::future::try_join_all(serving).await {
            tracing::error!(%error, "the embedded registry stopped");
        }
    }
}

fn damaged(folder: &Path) -> impl Fn(MetadataError) -> LocalRegistryError {
    move |source| LocalRegistryError::Damaged {
        folder: folder.to_owned(),
        list: folder.join(ferro_oci_server::METADATA_FILE_NAME),
        source,
    }
}

const fn taken(port: u16) -> impl Fn(std::io::Error) -> LocalRegistryError {
    move |source| LocalRegistryError::Port { port, source }
}

#[cfg(test)]
mod tests;
