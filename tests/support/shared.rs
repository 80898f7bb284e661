//! Folders that test processes share: they lie below the build's own, filled by
//! whichever process comes first and kept for the next run.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// A folder that `fill` made for this key. Other processes wait meanwhile; a
/// folder of another key, or one that was not finished, is made anew.
pub fn shared(name: &str, key: &str, fill: impl FnOnce(&Path)) -> PathBuf {
    let _turn = lock(name);
    let folder = root().join(name);
    let finished = root().join(format!("{name}.key"));
    if fs::read_to_string(&finished).is_ok_and(|of| of == key) {
        return folder;
    }
    // The word first: what is half removed is not taken for whole.
    for gone in [fs::remove_file(&finished), fs::remove_dir_all(&folder)] {
        if let Err(error) = gone {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        }
    }
    fs::create_dir(&folder).unwrap();
    fill(&folder);
    fs::write(finished, key).unwrap();
    folder
}

/// Keeps other processes from the same; until it is dropped, or its process ends.
#[must_use]
pub fn lock(name: &str) -> File {
    fs::create_dir_all(root()).unwrap();
    let file = File::create(root().join(format!("{name}.lock"))).unwrap();
    file.lock().unwrap();
    file
}

/// Tells a folder or a file from one that came later in its place.
pub fn identity(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    let modified = path.metadata().and_then(|of| of.modified());
    let modified = modified
        .unwrap_or_else(|error| panic!("{}: {error}\nhint: ./justw up sets it up", path.display()));
    let since = modified.duration_since(UNIX_EPOCH).unwrap();
    format!("{} {}\n", path.display(), since.as_nanos())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("shared")
}
