//! The record of what `bakehouse up` started.

use std::path::PathBuf;

use bakehouse_builder::SetUp;
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::storage;
use serde::{Deserialize, Serialize};

use super::Home;
use super::process::ProcessId;

/// Bytes of a record.
const LIMIT: u64 = 1 << 16;

/// Things that were started, and are stopped by `bakehouse down`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// The engine.
    pub engine: Option<StartedEngine>,
    /// `binfmt_misc` was not mounted before.
    pub binfmt_mounted: bool,
    /// Names of emulators in `binfmt_misc`.
    pub emulators: Vec<String>,
}

/// An engine that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedEngine {
    /// Its socket.
    pub socket: PathBuf,
    /// Its process.
    pub process: ProcessId,
    /// There was no network bridge of Docker's before.
    #[serde(default)]
    pub bridge_made: bool,
    /// Control groups were not mounted before.
    #[serde(default)]
    pub cgroups_mounted: bool,
}

impl StartedEngine {
    /// Its address, as in `DOCKER_HOST`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

impl Record {
    /// Reads the record; an empty one where there is none.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn read(home: &Home) -> Result<Self, StorageError> {
        let parse = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|e| e.to_string());
        let read = storage::read_state(&path(home), LIMIT, parse)?;
        Ok(read.unwrap_or_default())
    }

    /// Writes the record.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, home: &Home) -> Result<(), StorageError> {
        storage::create(home.folder())?;
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        storage::write_state(&path(home), text.as_bytes())
    }
}

fn path(home: &Home) -> PathBuf {
    home.folder().join("started.json")
}

/// The set-up of this user's `bakehouse up`, for builders and engines to be found
/// by. What cannot be read counts as not there.
#[must_use]
pub fn set_up() -> SetUp {
    Home::of_user().map(|home| of(&home)).unwrap_or_default()
}

/// The set-up in this folder.
pub(super) fn of(home: &Home) -> SetUp {
    let engine = Record::read(home).unwrap_or_default().engine;
    // Sockets do not outlive a restart of the machine; records do.
    let engine = engine.filter(|engine| engine.socket.exists());
    SetUp {
        programs: Some(home.programs()).filter(|folder| folder.is_dir()),
        engine: engine.map(|engine| engine.address()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_found_as_long_as_its_socket_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(&dir.path().join("up"));
        assert_eq!(of(&home), SetUp::default());
        let socket = dir.path().join("docker.sock");
        let record = Record {
            engine: Some(StartedEngine {
                socket: socket.clone(),
                process: ProcessId { pid: 1, started: 2 },
                bridge_made: true,
                cgroups_mounted: false,
            }),
            ..Record::default()
        };
        record.write(&home).unwrap();
        assert_eq!(Record::read(&home).unwrap(), record);
        assert_eq!(of(&home).engine, None);
        std::fs::write(&socket, "").unwrap();
        let address = format!("unix://{}", socket.display());
        assert_eq!(of(&home).engine.as_deref(), Some(address.as_str()));
        // One that is damaged stops nobody.
        std::fs::write(path(&home), "{").unwrap();
        assert_eq!(of(&home), SetUp::default());
    }
}
