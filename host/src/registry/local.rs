//! `--registry local`: a registry inside this process, on loopback, kept on
//! disk.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ferro_blob_store::FsBlobStore;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::error::{ExitCode, Failure};
use crate::storage::{self, At as _};

/// Bytes of an address.
const MAX_ADDRESS: u64 = 100;

/// The embedded registry. It serves until it is dropped.
///
/// One process at a time owns a storage folder; another one that opens it uses
/// the owner's registry.
#[derive(Debug)]
pub struct LocalRegistry {
    address: SocketAddr,
    _server: Option<(AbortOnDropHandle<()>, File)>,
}

impl LocalRegistry {
    /// Opens the storage folder and serves it on `127.0.0.1:port`; port 0 takes
    /// a free one.
    ///
    /// # Errors
    /// A [`Failure`] when the port is taken, or the folder cannot be used.
    pub async fn open(folder: &Path, port: u16) -> Result<Self> {
        storage::create(folder)?;
        let address_file = folder.join("address");
        let lock_path = folder.join("lock");
        let lock = storage::lock(&lock_path).at("open", &lock_path)?;
        for _ in 0..50 {
            match lock.try_lock() {
                Ok(()) => return Self::serve(folder, port, lock).await,
                Err(TryLockError::Error(error)) => return Err(error.into()),
                Err(TryLockError::WouldBlock) => {}
            }
            let address = storage::read_text(&address_file, MAX_ADDRESS)
                .ok()
                .and_then(|text| text.trim().parse().ok());
            if let Some(address) = address
                && tokio::net::TcpStream::connect(address).await.is_ok()
            {
                return Ok(Self {
                    address,
                    _server: None,
                });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(Failure::new(
            ExitCode::Registry,
            format!(
                "{} is held by a process that does not answer",
                folder.display()
            ),
        )
        .hint("end the other bakehouse process")
        .into())
    }

    async fn serve(folder: &Path, port: u16, lock: File) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .map_err(|error| {
                Failure::new(
                    ExitCode::Registry,
                    format!("cannot listen on 127.0.0.1:{port}: {error}"),
                )
                .hint("choose another port")
            })?;
        let address = listener.local_addr()?;
        let store = FsBlobStore::new(folder.to_owned())
            .with_context(|| format!("cannot open {}", folder.display()))?;
        let app = ferro_oci_server::serve::build_app_persisted(Arc::new(store), folder);
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the local registry stopped");
            }
        });
        let address_file = folder.join("address");
        storage::write(&address_file, address.to_string().as_bytes()).at("write", &address_file)?;
        Ok(Self {
            address,
            _server: Some((AbortOnDropHandle::new(server), lock)),
        })
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether this process serves it, not another one.
    #[must_use]
    pub const fn is_owner(&self) -> bool {
        self._server.is_some()
    }
}
