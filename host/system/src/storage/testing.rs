//! Folders deeper than any path, for tests.

#![allow(clippy::unwrap_used, reason = "tests end by panicking")]

use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};

use super::walk::FOLDER;

/// Nests folders named `name` that deep in `root`, which no path could
/// name at once, with a file in the innermost.
///
/// # Panics
/// When the file system refuses.
pub fn nest(root: &Path, name: &str, depth: usize) {
    let mut folder = openat(CWD, root, FOLDER, Mode::empty()).unwrap();
    for _ in 0..depth {
        rustix::fs::mkdirat(&folder, name, Mode::RWXU).unwrap();
        folder = openat(&folder, name, FOLDER, Mode::empty()).unwrap();
    }
    let create = OFlags::CREATE | OFlags::WRONLY;
    openat(&folder, "file", create, Mode::RWXU).unwrap();
}
