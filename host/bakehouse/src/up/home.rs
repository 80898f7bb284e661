//! The folder of what `bakehouse up` unpacks and starts.

use std::fs::File;
use std::path::{Path, PathBuf};

use bakehouse_core::storage_error::At as _;
use bakehouse_system::storage;
use sha2::{Digest as _, Sha256};

use super::UpError;
use crate::config::user_data;

/// Digits of a name that is told apart by them.
const DIGITS: usize = 12;

/// `up` in the folder of the user's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The user's; none where there is no such place, or it is another user's.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let home = Self(user_data()?.join("up"));
        storage::owned(&home.0).is_ok().then_some(home)
    }

    /// One in this folder.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Programs, by their names.
    #[must_use]
    pub fn programs(&self) -> PathBuf {
        self.0.join("bin")
    }

    /// Waits until no other process sets up or takes back, and keeps others waiting
    /// as long as the file is open.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn lock(&self) -> Result<File, UpError> {
        storage::create(&self.0)?;
        let path = self.0.join("lock");
        let file = storage::lock_state(&path)?;
        let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
        // A thread that ended early holds no lock.
        let locked = locked.await.unwrap_or_else(|error| Err(error.into()));
        Ok(locked.at("lock", &path)?)
    }

    /// The folder that packages of this kind were unpacked into.
    pub(super) fn tree(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Images and containers of the engine.
    pub(super) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// The engine's log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.0.join("engine.log")
    }

    /// The folder of the engine's socket, and of what it needs only while it runs: below
    /// `/run`, for the path of a socket may have 107 bytes (unix(7)).
    pub(super) fn run(&self) -> PathBuf {
        let mut id = hex::encode(Sha256::digest(self.0.as_os_str().as_encoded_bytes()));
        id.truncate(DIGITS);
        Path::new("/run").join(format!("bakehouse-{id}"))
    }
}
