//! The list of what the registry holds: `metadata.json`, which ferro-oci-server
//! keeps.
//!
//! That crate begins empty when it cannot read the file, and leaves out manifests
//! that it cannot understand: what was published would be forgotten. So the file is
//! read here first, and one that is not whole is an error.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::Path;

use bakehouse_system::storage;
use ferro_oci_server::METADATA_FILE_NAME;
use serde::{Deserialize, Serialize};

use crate::digest;

/// Bytes of the list: a million manifests.
const MAX_LIST: u64 = 1 << 30;

#[derive(Default, Serialize, Deserialize)]
struct Metadata {
    /// By repository and digest.
    manifests: BTreeMap<String, BTreeMap<String, Stored>>,
    /// Digests, by repository and tag.
    tags: BTreeMap<String, BTreeMap<String, String>>,
    referrers: BTreeMap<String, serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    media_type: String,
    body_hex: String,
}

/// The list of what the embedded registry holds cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// There are layers, and no list of what they belong to.
    #[error("it is missing, and there are layers")]
    Missing,
    /// It is no JSON of this form.
    #[error("it is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A manifest is not what its digest says.
    #[error("{repository}@{digest} is damaged")]
    Manifest {
        /// The repository.
        repository: String,
        /// The digest.
        digest: String,
    },
    /// A tag shows nothing.
    #[error("{repository}:{tag} shows {digest}, which is missing")]
    Tag {
        /// The repository.
        repository: String,
        /// The tag.
        tag: String,
        /// The digest that it shows.
        digest: String,
    },
    /// The file system refuses.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Checks the list in a registry's folder; a new folder gets an empty one.
pub(super) fn check(folder: &Path) -> Result<(), MetadataError> {
    match look(folder)? {
        true => Ok(()),
        false => {
            let empty = serde_json::to_vec(&Metadata::default())?;
            Ok(storage::write(&folder.join(METADATA_FILE_NAME), &empty)?)
        }
    }
}

/// Looks at the list in a registry's folder, and changes nothing; false where a new
/// folder has none.
pub(super) fn look(folder: &Path) -> Result<bool, MetadataError> {
    let text = match storage::read(&folder.join(METADATA_FILE_NAME), MAX_LIST) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let layers = ["sha256", "sha512"];
            return match layers.iter().any(|name| folder.join(name).exists()) {
                true => Err(MetadataError::Missing),
                false => Ok(false),
            };
        }
        read => read?,
    };
    let metadata: Metadata = serde_json::from_slice(&text)?;
    for (repository, manifests) in &metadata.manifests {
        for (name, stored) in manifests {
            let body = hex::decode(&stored.body_hex).ok();
            if body.is_none_or(|body| digest::verify(&body, Some(name)).is_err()) {
                return Err(MetadataError::Manifest {
                    repository: repository.clone(),
                    digest: name.clone(),
                });
            }
        }
    }
    for (repository, tags) in &metadata.tags {
        let manifests = metadata.manifests.get(repository);
        for (tag, shows) in tags {
            if !manifests.is_some_and(|manifests| manifests.contains_key(shows)) {
                return Err(MetadataError::Tag {
                    repository: repository.clone(),
                    tag: tag.clone(),
                    digest: shows.clone(),
                });
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(folder: &Path, text: &str) {
        fs::write(folder.join(METADATA_FILE_NAME), text).unwrap();
    }

    #[test]
    fn a_new_folder_is_begun_once() {
        let folder = tempfile::tempdir().unwrap();
        check(folder.path()).unwrap();
        check(folder.path()).unwrap();
        fs::create_dir(folder.path().join("sha256")).unwrap();
        check(folder.path()).unwrap();
        fs::remove_file(folder.path().join(METADATA_FILE_NAME)).unwrap();
        let missing = check(folder.path());
        assert!(matches!(missing, Err(MetadataError::Missing)));
    }

    #[test]
    fn nothing_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let digest = digest::sha256(b"{}").to_string();
        let whole = format!(
            r#"{{"manifests":{{"n/a":{{"{digest}":{{"media_type":"m","body_hex":"7b7d"}}}}}},"tags":{{"n/a":{{"1":"{digest}"}}}},"referrers":{{}}}}"#
        );
        write(folder.path(), &whole);
        check(folder.path()).unwrap();
        for (from, to) in [
            ("7b7d", "7b7b"),
            ("7b7d", "zz"),
            ("\"1\":\"sha256:", "\"1\":\"sha256:0"),
            (whole.as_str(), ""),
            (whole.as_str(), "{garbage"),
            (whole.as_str(), "{}"),
            (whole.as_str(), "[]"),
            ("\"tags\"", "\"tag\""),
        ] {
            write(folder.path(), &whole.replacen(from, to, 1));
            assert!(check(folder.path()).is_err(), "{from} {to}");
            assert!(look(folder.path()).is_err(), "{from} {to}");
        }
        // Who only looks leaves a new folder as it is.
        let new = tempfile::tempdir().unwrap();
        assert!(!look(new.path()).unwrap());
        assert_eq!(fs::read_dir(new.path()).unwrap().count(), 0);
    }
}
