//! Programs and an engine beside those of the machine.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::engine::{NamedBy, endpoint};

/// A set-up for machines that have none of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetUp {
    /// A folder of programs, found before those on `PATH`.
    pub programs: Option<PathBuf>,
    /// The address of an engine, as in `DOCKER_HOST`; used where nobody names
    /// another.
    pub engine: Option<String>,
}

impl SetUp {
    /// `PATH` of a child, where it is not this process's own.
    #[must_use]
    pub fn path(&self) -> Option<OsString> {
        let programs = self.programs.clone()?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        // An empty one would be the working folder.
        let others = std::env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty());
        let folders = std::iter::once(programs).chain(others);
        std::env::join_paths(folders).ok()
    }

    /// `DOCKER_HOST` of a child, where the engine that was set up is the one to
    /// use.
    pub(crate) fn docker_host(&self) -> Option<String> {
        let found = endpoint(Some(self.engine.as_deref()?)).ok()?;
        (found.named_by == NamedBy::SetUp).then_some(found.host)
    }
}
