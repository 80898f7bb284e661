//! State files: what Bakehouse wrote for itself, and can make anew.
//!
//! One that cannot be used, whatever became of it, stops nothing: it is set aside
//! with `.broken` behind its name, in place of one that was before, and warned of.
//! What the system refuses, for want of access or space, is no damage.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bakehouse_core::storage_error::{At as _, StorageError};

use super::{create, file, remove_all};

/// The suffix of the name of a file that was set aside.
const BROKEN: &str = ".broken";

/// Reads a state file of at most `limit` bytes; none where there is none, or it
/// had to be set aside: `parse` says why it cannot be used.
///
/// # Errors
/// When the system refuses.
pub fn read_state<T>(
    path: &Path,
    limit: u64,
    parse: impl FnOnce(Vec<u8>) -> Result<T, String>,
) -> Result<Option<T>, StorageError> {
    let why = match file::read(path, limit) {
        Ok(bytes) => match parse(bytes) {
            Ok(state) => return Ok(Some(state)),
            Err(why) => why,
        },
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => return Ok(None),
            _ if is_damage(&error) => error.to_string(),
            _ => return Err(StorageError::new("read", path, error)),
        },
    };
    set_aside(path, &why)?;
    Ok(None)
}

/// Writes a state file whole or not at all. A folder in its place is set aside.
///
/// # Errors
/// When the system refuses.
pub fn write_state(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    make_room(path)?;
    file::write(path, bytes).at("write", path)
}

/// As [`lock`](super::lock); a folder in its place is set aside.
///
/// # Errors
/// When the system refuses, and for what is neither file nor folder.
pub fn lock_state(path: &Path) -> Result<File, StorageError> {
    make_room(path)?;
    file::lock(path).at("open", path)
}

/// Makes a folder of state below one that there is; a file in its place is set
/// aside.
///
/// # Errors
/// When the system refuses.
pub fn create_state(folder: &Path) -> Result<(), StorageError> {
    if fs::symlink_metadata(folder).is_ok_and(|there| there.is_file()) {
        set_aside(folder, "it is not a folder")?;
    }
    create(folder)
}

/// Sets aside what cannot be used, and warns of it.
///
/// # Errors
/// When the system refuses.
pub fn set_aside(path: &Path, why: &str) -> Result<(), StorageError> {
    let to = broken(path);
    remove_all(&to).at("remove", &to)?;
    match fs::rename(path, &to) {
        // Another process was as quick.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        moved => moved.at("rename", path)?,
    }
    tracing::warn!(
        "{} cannot be used: {why}; it is {} now, and made anew",
        path.display(),
        to.display()
    );
    Ok(())
}

/// Sets a folder aside that has the name of a file of state.
///
/// # Errors
/// When the system refuses.
pub fn make_room(path: &Path) -> Result<(), StorageError> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => set_aside(path, "it is a folder"),
        _ => Ok(()),
    }
}

/// Whether an error is about what a file is, not about whether it may be read.
fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::IsADirectory | ErrorKind::InvalidInput | ErrorKind::FileTooLarge
    )
}

fn broken(path: &Path) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(BROKEN);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn parse(bytes: Vec<u8>) -> Result<String, String> {
        match bytes.as_slice() {
            b"good" => Ok("good".to_owned()),
            _ => Err("it is not good".to_owned()),
        }
    }

    #[test]
    fn whatever_became_of_a_file_it_is_set_aside_and_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        let read = || read_state(&path, 100, parse).unwrap();
        assert_eq!(read(), None);
        let spoil: [&dyn Fn(); 5] = [
            &|| fs::write(&path, "").unwrap(),
            &|| fs::write(&path, "goo").unwrap(),
            &|| fs::write(&path, [0xff; 50]).unwrap(),
            &|| fs::write(&path, [b'x'; 1000]).unwrap(),
            &|| {
                fs::create_dir(&path).unwrap();
                fs::write(path.join("x"), "x").unwrap();
            },
        ];
        for spoil in spoil {
            spoil();
            assert_eq!(read(), None);
            assert!(fs::symlink_metadata(&path).is_err(), "it is in the way");
            write_state(&path, b"good").unwrap();
            assert_eq!(read().as_deref(), Some("good"));
            fs::remove_file(&path).unwrap();
            // The one before has gone.
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
            assert!(broken(&path).exists());
        }
        fs::create_dir(&path).unwrap();
        write_state(&path, b"good").unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        lock_state(&path).unwrap();
        create_state(&path).unwrap();
        assert!(path.is_dir());
    }

    #[test]
    fn what_the_system_refuses_is_no_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        fs::write(&path, "good").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        // Root may read everything.
        if fs::read(&path).is_err() {
            assert!(read_state(&path, 100, parse).is_err());
            assert!(path.exists());
        }
    }
}
