//! The folder of Docker's client configuration (`DOCKER_CONFIG`, else
//! `~/.docker`).

use std::ffi::OsString;
use std::path::PathBuf;

/// Docker's own configuration folder.
pub fn docker_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v: &OsString| !v.is_empty());
    set("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".docker")))
}
