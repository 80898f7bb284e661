//! Effects of the workflows' actions on a job's folder.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where artifacts of one workflow run are kept.
pub struct Artifacts {
    pub folder: PathBuf,
    /// Artifacts with this text in their names do not arrive.
    pub lost: Option<String>,
}

/// Caches of a repository.
pub struct Caches(pub PathBuf);

/// Runs an action; `with` are its inputs. An error is what its log would say.
pub fn run(
    uses: &str,
    with: &dyn Fn(&str) -> Option<String>,
    folder: &Path,
    checkout: &Path,
    artifacts: &Artifacts,
    caches: &Caches,
) -> Result<(), String> {
    let (name, _) = uses.split_once('@').expect("an action is pinned");
    match name {
        "actions/checkout" => copy(checkout, folder),
        "actions/upload-artifact" => {
            let name = with("name").expect("an artifact has a name");
            upload(artifacts, &name, &folder.join(with("path").unwrap()), with)?;
        }
        "actions/download-artifact" => {
            let to = folder.join(with("path").unwrap_or_default());
            download(artifacts, with, &to)?;
        }
        "actions/cache" => {
            let prefix = with("restore-keys").expect("a cache has a restore key");
            let newest = entries(&caches.0)
                .into_iter()
                .filter(|name| name.starts_with(prefix.trim()))
                .max();
            if let Some(name) = newest {
                copy(&caches.0.join(name), &folder.join(with("path").unwrap()));
            }
        }
        // The machine's own builder and emulation are there already.
        "docker/setup-buildx-action" | "docker/setup-qemu-action" => {}
        other => panic!("the tests do not know {other}"),
    }
    Ok(())
}

/// After a job that ended well.
pub fn save_cache(with: &dyn Fn(&str) -> Option<String>, folder: &Path, caches: &Caches) {
    let from = folder.join(with("path").unwrap());
    if from.is_dir() {
        copy(&from, &caches.0.join(with("key").unwrap()));
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
