//! Components that are kept, with what they were made from.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bakehouse_core::storage_error::At as _;
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::storage;

use super::metadata::Metadata;

/// Bytes of a list of sources.
const MAX_LIST: u64 = 16 << 20;
/// Bytes of a component.
const MAX_WASM: u64 = 256 << 20;

/// Keeps what cargo made at `begun`, and returns its size in bytes. Without a
/// time it is not known what it was made from, and counts as stale.
///
/// # Errors
/// When the file system refuses.
pub(super) fn keep(
    made: &Path,
    component: &Path,
    metadata: &Metadata,
    manifest: PathBuf,
    begun: Option<SystemTime>,
) -> Result<u64, StorageError> {
    let bytes = storage::read(made, MAX_WASM).at("read", made)?;
    if let Some(folder) = component.parent() {
        storage::create(folder)?;
    }
    let list = list_of(component);
    let sources = match begun {
        Some(_) => sources_of(made, metadata, manifest)?,
        None => String::new(),
    };
    storage::write(&list, sources.as_bytes()).at("write", &list)?;
    storage::write(component, &bytes).at("write", component)?;
    if let Some(begun) = begun {
        // What is changed while cargo is at work is newer, but for what it writes first.
        let lock = metadata.workspace_root.join("Cargo.lock");
        let begun = modified(&lock).map_or(begun, |locked| begun.max(locked));
        File::options()
            .write(true)
            .open(component)
            .and_then(|file| file.set_modified(begun))
            .at("write", component)?;
    }
    Ok(bytes.len() as u64)
}

/// What an artifact was made from, a path a line.
fn sources_of(made: &Path, metadata: &Metadata, manifest: PathBuf) -> Result<String, StorageError> {
    let dep_info = made.with_extension("d");
    let text = storage::read_text(&dep_info, MAX_LIST).at("read", &dep_info)?;
    let mut sources = sources(&text);
    let root = &metadata.workspace_root;
    sources.extend([manifest, root.join("Cargo.toml"), root.join("Cargo.lock")]);
    sources.sort();
    sources.dedup();
    let lines = sources.iter();
    Ok(lines.map(|path| format!("{}\n", path.display())).collect())
}

/// Whether a component is missing, or older than something it was made from.
#[must_use]
pub fn is_stale(component: &Path) -> bool {
    let Ok(made) = modified(component) else {
        return true;
    };
    let Ok(list) = storage::read_text(&list_of(component), MAX_LIST) else {
        return true;
    };
    let newer = |path: &str| !modified(Path::new(path)).is_ok_and(|changed| changed <= made);
    list.is_empty() || list.lines().any(newer)
}

fn modified(path: &Path) -> io::Result<SystemTime> {
    path.metadata()?.modified()
}

fn list_of(component: &Path) -> PathBuf {
    component.with_extension("sources")
}

/// The sources in cargo's dep-info: `TARGET: SOURCE...`, where a space in a path
/// is written `\ `.
fn sources(dep_info: &str) -> Vec<PathBuf> {
    let line = dep_info.lines().next().unwrap_or_default();
    let (_, listed) = line.split_once(": ").unwrap_or_default();
    let escaped = listed.replace("\\ ", "\0");
    let paths = escaped.split(' ').filter(|path| !path.is_empty());
    paths.map(|path| path.replace('\0', " ").into()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dep_info_is_read_with_its_spaces() {
        let text = "/t/a.wasm: /a/src/lib.rs /a/b\\ c/d.rs /a/x.md\n\n/a/src/lib.rs:\n";
        let paths = ["/a/src/lib.rs", "/a/b c/d.rs", "/a/x.md"].map(PathBuf::from);
        assert_eq!(sources(text), paths);
        assert!(sources("").is_empty() && sources("x").is_empty());
    }

    #[test]
    fn a_component_is_as_old_as_when_it_was_begun() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let write = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
        let source = path("lib.rs");
        write("lib.rs", "");
        write("Cargo.toml", "");
        write("Cargo.lock", "");
        write("made.wasm", "wasm");
        write("made.d", &format!("made: {}\n", source.display()));
        let metadata = serde_json::json!({
            "packages": [], "target_directory": dir.path(), "workspace_root": dir.path(),
        });
        let metadata: Metadata = serde_json::from_value(metadata).unwrap();
        let component = path("kept/a.wasm");
        assert!(is_stale(&component));
        let now = SystemTime::now() + Duration::from_secs(60);
        let made = path("made.wasm");
        let size = keep(&made, &component, &metadata, path("Cargo.toml"), Some(now)).unwrap();
        assert_eq!(size, 4);
        assert!(!is_stale(&component));
        for changed in ["lib.rs", "Cargo.toml", "Cargo.lock"] {
            let file = File::options().write(true).open(path(changed)).unwrap();
            file.set_modified(now + Duration::from_secs(1)).unwrap();
            assert!(is_stale(&component), "{changed}");
            file.set_modified(now).unwrap();
            assert!(!is_stale(&component), "{changed}");
        }
        std::fs::remove_file(&source).unwrap();
        assert!(is_stale(&component));
        write("lib.rs", "");
        keep(&made, &component, &metadata, path("Cargo.toml"), None).unwrap();
        assert!(is_stale(&component));
    }
}
