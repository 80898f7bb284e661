//! The lease of a storage folder: which process serves it, and where.
//!
//! A lock on `<folder>/lock` is held for as long as a process serves, and gone with
//! it. `<folder>/address` says where it does, and under which name: an address that
//! is left over may be another program's by now, so the name is asked for.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bakehouse_core::storage_error::StorageError;
use bakehouse_system::storage;

use super::server::INSTANCE;

/// Bytes of an address, and the name of who serves there.
const MAX_ADDRESS: u64 = 100;

/// The longest time that a server on this machine may take to say who it is.
const ANSWER: Duration = Duration::from_secs(2);

/// The lock on a folder.
#[derive(Debug)]
pub(super) struct Lease {
    folder: PathBuf,
    instance: String,
    _lock: File,
}

impl Lease {
    /// Takes the lock, unless another process has it.
    pub(super) fn take(folder: &Path) -> Result<Option<Self>, StorageError> {
        let path = folder.join("lock");
        let lock = storage::lock_state(&path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self {
                folder: folder.to_owned(),
                instance: std::iter::repeat_with(fastrand::alphanumeric)
                    .take(32)
                    .collect(),
                _lock: lock,
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(StorageError::new("lock", &path, error)),
        }
    }

    /// The name that the server goes by.
    pub(super) fn instance(&self) -> &str {
        &self.instance
    }

    /// Says where the folder is served.
    pub(super) fn announce(&self, at: SocketAddr) -> Result<(), StorageError> {
        let text = format!("{at}\n{}\n", self.instance);
        storage::write_state(&self.folder.join("address"), text.as_bytes())
    }
}

/// The address at which a folder is served, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) at: SocketAddr,
    instance: String,
}

impl Address {
    /// The announcement of the last server of a folder.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let text = storage::read_text(&folder.join("address"), MAX_ADDRESS).ok()?;
        let (at, instance) = text.trim().split_once('\n')?;
        Some(Self {
            at: at
                .parse()
                .ok()
                .filter(|at: &SocketAddr| at.ip().is_loopback())?,
            instance: instance.to_owned(),
        })
    }

    /// Whether that server is there now.
    pub(super) async fn answers(&self) -> bool {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        let Ok(client) = client.timeout(ANSWER).build() else {
            return false;
        };
        let asked = client.get(format!("http://{}/v2/", self.at)).send().await;
        asked.is_ok_and(|answer| {
            let name = answer.headers().get(INSTANCE);
            name.is_some_and(|name| name.as_bytes() == self.instance.as_bytes())
        })
    }
}
