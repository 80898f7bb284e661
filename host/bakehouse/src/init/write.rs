//! Files are written where there are none.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::storage;

use super::NewFile;

/// Bytes of a `.gitignore`.
const MAX_IGNORE: u64 = 1 << 20;
/// The folders that the program keeps in a project.
const KEPT: &[&str] = &["/.bakehouse/", "/digests/"];

/// The outcome for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It was not there.
    New,
    /// It was there, and got lines.
    Added,
    /// It was there, and is another now.
    Renewed,
    /// It is as it was.
    Left,
}

/// Writes a file, unless something has its name.
///
/// # Errors
/// When the file system refuses.
pub fn write(root: &Path, file: &NewFile) -> Result<Written, StorageError> {
    let path = root.join(&file.path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).at("create", folder)?;
    }
    let mut made = match OpenOptions::new().write(true).create_new(true).open(&path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(Written::Left),
        made => made.at("write", &path)?,
    };
    made.write_all(file.text.as_bytes()).at("write", &path)?;
    Ok(Written::New)
}

/// Has git ignore what the program keeps in a project.
///
/// # Errors
/// When the file system refuses.
pub fn ignore(root: &Path) -> Result<Written, StorageError> {
    let path = root.join(".gitignore");
    let (there, text) = match storage::read_text(&path, MAX_IGNORE) {
        Ok(text) => (true, text),
        Err(error) if error.kind() == ErrorKind::NotFound => (false, String::new()),
        Err(error) => return Err(StorageError::new("read", &path, error)),
    };
    let has = |line: &str| {
        let mut lines = text.lines().map(|line| line.trim().trim_matches('/'));
        lines.any(|other| other == line.trim_matches('/'))
    };
    let missing: Vec<&str> = KEPT.iter().copied().filter(|line| !has(line)).collect();
    if missing.is_empty() {
        return Ok(Written::Left);
    }
    let mut added = missing.join("\n") + "\n";
    if !text.is_empty() && !text.ends_with('\n') {
        added.insert(0, '\n');
    }
    match there {
        true => {
            storage::append(&path, added.as_bytes()).at("write", &path)?;
            Ok(Written::Added)
        }
        false => write(
            root,
            &NewFile {
                path: ".gitignore".into(),
                text: added,
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_there_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let file = NewFile {
            path: "a/b.toml".into(),
            text: "new".to_owned(),
        };
        assert_eq!(write(dir.path(), &file).unwrap(), Written::New);
        std::fs::write(dir.path().join("a/b.toml"), "mine").unwrap();
        assert_eq!(write(dir.path(), &file).unwrap(), Written::Left);
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(read("a/b.toml"), "mine");
        // Nor is a link followed, wherever it leads.
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), &link).unwrap();
        let file = NewFile {
            path: "link".into(),
            text: "new".to_owned(),
        };
        assert_eq!(write(dir.path(), &file).unwrap(), Written::Left);
        assert!(!dir.path().join("elsewhere").exists());
    }

    #[test]
    fn lines_are_added_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".gitignore");
        assert_eq!(ignore(dir.path()).unwrap(), Written::New);
        assert_eq!(ignore(dir.path()).unwrap(), Written::Left);
        std::fs::write(&path, "*.log\n.bakehouse").unwrap();
        assert_eq!(ignore(dir.path()).unwrap(), Written::Added);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "*.log\n.bakehouse\n/digests/\n");
        assert_eq!(ignore(dir.path()).unwrap(), Written::Left);
    }
}
