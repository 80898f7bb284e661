//! Effects of the workflows' actions on a job's folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};

use super::release;

/// Where artifacts of one workflow run are kept.
pub struct Artifacts {
    pub folder: PathBuf,
    /// Artifacts with this text in their names do not arrive.
    pub lost: Option<String>,
}

/// Caches of a repository.
pub struct Caches(pub PathBuf);

/// Runs an action; `with` are its inputs. Its outputs, or what its log would say.
pub fn run(
    uses: &str,
    with: &dyn Fn(&str) -> Option<String>,
    folder: &Path,
    checkout: &Path,
    artifacts: &Artifacts,
    caches: &Caches,
) -> Result<Map<String, Value>, String> {
    let (name, _) = uses.split_once('@').expect("an action is pinned");
    let mut outputs = Map::new();
    match name {
        "actions/checkout" => {
            assert_eq!(with("persist-credentials").as_deref(), Some("false"));
            let to = folder.join(with("path").unwrap_or_default());
            match with("repository").as_deref() {
                None => copy(checkout, &to),
                Some(release::REPOSITORY) => {
                    assert_eq!(with("ref").as_deref(), Some(super::run::COMMIT));
                    release::checkout(&to);
                }
                Some(other) => panic!("a checkout of {other}"),
            }
        }
        "actions/upload-artifact" => {
            let name = with("name").expect("an artifact has a name");
            upload(artifacts, &name, &folder.join(with("path").unwrap()), with)?;
        }
        "actions/download-artifact" => {
            let to = folder.join(with("path").unwrap_or_default());
            download(artifacts, with, &to)?;
        }
        "actions/cache" | "actions/cache/restore" => {
            let key = with("key").expect("a cache has a key");
            let path = with("path").expect("a cache has a path");
            if let Some(found) = caches.find(&key, with("restore-keys").as_deref()) {
                copy(&caches.0.join(&found), folder.join(path).parent().unwrap());
                outputs.insert("cache-hit".into(), (found == key).to_string().into());
                outputs.insert("cache-matched-key".into(), found.into());
            }
        }
        "actions/cache/save" => {
            let key = with("key").expect("a cache has a key");
            assert!(
                !caches.0.join(&key).exists(),
                "GitHub keeps {key} as it was"
            );
            save_cache(&with("path").unwrap(), &key, folder, caches);
        }
        // The machine's own builder and emulation are there already.
        "docker/setup-buildx-action" | "docker/setup-qemu-action" => {}
        other => panic!("the tests do not know {other}"),
    }
    Ok(outputs)
}

/// Keeps a path under a key.
pub fn save_cache(path: &str, key: &str, folder: &Path, caches: &Caches) {
    let from = folder.join(path);
    if from.exists() {
        let to = caches.0.join(key);
        std::fs::create_dir_all(&to).unwrap();
        let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
        assert!(status.unwrap().success());
    }
}

impl Caches {
    /// The one of this key, else the newest whose key begins with one of these.
    fn find(&self, key: &str, prefixes: Option<&str>) -> Option<String> {
        if self.0.join(key).exists() {
            return Some(key.to_owned());
        }
        let prefixes: Vec<&str> = prefixes?.lines().map(str::trim).collect();
        entries(&self.0)
            .into_iter()
            .filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
            .max_by_key(|name| self.0.join(name).metadata().unwrap().modified().unwrap())
    }

    /// Keys of all.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = entries(&self.0);
        keys.sort();
        keys
    }
}

fn upload(
    artifacts: &Artifacts,
    name: &str,
    from: &Path,
    with: &dyn Fn(&str) -> Option<String>,
) -> Result<(), String> {
    assert!(
        !name.contains(['"', ':', '<', '>', '|', '*', '?', '\\', '/', '\r', '\n']),
        "GitHub refuses the artifact name {name}"
    );
    if !from.exists() {
        return match with("if-no-files-found").as_deref() {
            Some("ignore") => Ok(()),
            Some("error") => Err(format!("no files at {}", from.display())),
            other => panic!("if-no-files-found: {other:?}"),
        };
    }
    if artifacts
        .lost
        .as_ref()
        .is_some_and(|lost| name.contains(lost))
    {
        return Ok(());
    }
    let to = artifacts.folder.join(name);
    if to.exists() {
        assert_eq!(with("overwrite").as_deref(), Some("true"), "{name} exists");
        std::fs::remove_dir_all(&to).unwrap();
    }
    copy(from, &to);
    Ok(())
}

fn download(
    artifacts: &Artifacts,
    with: &dyn Fn(&str) -> Option<String>,
    to: &Path,
) -> Result<(), String> {
    if let Some(name) = with("name") {
        let from = artifacts.folder.join(&name);
        if !from.exists() {
            return Err(format!("no artifact {name}"));
        }
        copy(&from, to);
        return Ok(());
    }
    let pattern = with("pattern").expect("a name or a pattern");
    let prefix = pattern.strip_suffix('*').expect("a pattern PREFIX*");
    for name in entries(&artifacts.folder) {
        if name.starts_with(prefix) {
            copy(&artifacts.folder.join(&name), &to.join(&name));
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Copies a file into a folder, or a folder's content.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    let from = if from.is_dir() {
        from.join(".")
    } else {
        from.to_owned()
    };
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.unwrap().success());
}
