//! Programs that `./justw test` sets up.

use std::path::PathBuf;

/// The path of a program.
///
/// # Panics
/// Where it is missing, with a hint.
pub fn tool(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            panic!(
                "`{name}` is not on PATH\nhint: ./justw test and ./justw bench set up what they need"
            )
        })
}
