//! The contents of a package, and what another platform's has beside them.

use std::collections::BTreeSet;
use std::path::Path;

use bakehouse_sdk::fetch::{self, Archive};
use bakehouse_sdk::{Error, Platform};

/// The folder in which archives are unpacked to be looked at; outside of the build
/// context.
const SCRATCH: &str = "bakehouse-scratch";

/// Names of an archive's files, without its top folder.
pub(crate) type Names = BTreeSet<String>;

/// Unpacks an archive, and leaves nothing but its files' names and its digest.
///
/// # Errors
/// As `fetch.download`; [`Error::Other`] when it cannot be listed.
pub(crate) fn list(url: &str, integrity: Option<&str>) -> Result<(Names, String), Error> {
    let downloaded = fetch::download(url, integrity, SCRATCH, Archive::tar_gz().strip(1))?;
    let root = format!("/src/{SCRATCH}");
    let listed = walk(Path::new(&root)).and_then(|names| {
        std::fs::remove_dir_all(&root)?;
        Ok(names)
    });
    let names = listed.map_err(|error| Error::Other(format!("cannot list {url}: {error}")))?;
    Ok((names, downloaded.digest))
}

/// Files below a folder, links among them, relative to it.
fn walk(root: &Path) -> std::io::Result<Names> {
    let mut names = Names::new();
    let mut todo = vec![root.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                todo.push(entry.path());
            } else if let Ok(name) = entry.path().strip_prefix(root) {
                names.insert(name.to_string_lossy().into_owned());
            }
        }
    }
    Ok(names)
}

/// Names without the platform that files are named after, as
/// `mattermost-plugin-jira-v4.1.1-linux-amd64.tar.gz` is.
pub(crate) fn regardless(names: &Names, platform: &Platform) -> Names {
    let named = named(platform);
    let each = names.iter().map(|name| name.replace(&named, ANY));
    each.collect()
}

/// In place of a platform in a file's name.
pub(crate) const ANY: &str = "{platform}";

/// A platform in a file's name.
pub(crate) fn named(platform: &Platform) -> String {
    format!("{}-{}", platform.os, platform.architecture)
}

#[cfg(test)]
mod tests {
    use bakehouse_sdk::platform;

    use super::*;

    #[test]
    fn files_are_listed_wherever_they_are() {
        let root = std::env::temp_dir().join(format!("bakehouse-walk-{}", std::process::id()));
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::create_dir_all(root.join("empty")).unwrap();
        for name in ["c", "a/d", "a/b/plugin-linux-arm64"] {
            std::fs::write(root.join(name), "").unwrap();
        }
        let names = walk(&root).unwrap();
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(
            Vec::from_iter(&names),
            ["a/b/plugin-linux-arm64", "a/d", "c"]
        );
        let regardless = regardless(&names, &platform("linux/arm64"));
        assert!(
            regardless.contains("a/b/plugin-{platform}"),
            "{regardless:?}"
        );
    }
}
