//! Addresses of a commit's submodules.

use std::collections::BTreeMap;

use super::checkout::Gitlink;
use super::object_store::ObjectStore;
use super::{Address, GitError};

/// The addresses of a commit's submodules, in the order of `gitlinks`.
pub(super) async fn addresses(
    store: &ObjectStore<'_>,
    commit: &str,
    gitlinks: &[Gitlink],
) -> Result<Vec<Address>, GitError> {
    if gitlinks.is_empty() {
        return Ok(Vec::new());
    }
    let git = &store.git;
    let blob = format!("--blob={commit}:.gitmodules");
    let arguments = ["config", &blob, "--null", "--list"];
    let listed = git.run(git.command_in(&store.folder), arguments).await;
    let urls = urls(&listed.unwrap_or_default());
    gitlinks
        .iter()
        .map(|gitlink| {
            let url = urls.get(&gitlink.path).ok_or_else(|| {
                let (address, path) = (git.address.to_string(), gitlink.path.clone());
                GitError::Submodule { address, path }
            })?;
            Ok(git.address.join(url)?)
        })
        .collect()
}

/// Addresses by path, from `submodule.NAME.KEY\nVALUE`, each ended by a NUL.
fn urls(listed: &str) -> BTreeMap<String, String> {
    let mut paths = BTreeMap::new();
    let mut urls = BTreeMap::new();
    let entries = listed.split('\0').filter_map(|e| e.split_once('\n'));
    for (key, value) in entries {
        let Some((name, key)) = key
            .strip_prefix("submodule.")
            .and_then(|key| key.rsplit_once('.'))
        else {
            continue;
        };
        match key {
            "path" => paths.insert(name.to_owned(), value.to_owned()),
            "url" => urls.insert(name.to_owned(), value.to_owned()),
            _ => None,
        };
    }
    paths
        .into_iter()
        .filter_map(|(name, path)| Some((path, urls.remove(&name)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_gitmodules() {
        let listed = "submodule.a.b.path\nthird/party\0submodule.a.b.url\n../c\0core.x\ny\0submodule.no-url.path\nq\0";
        let urls = urls(listed);
        assert_eq!(urls.len(), 1);
        assert_eq!(urls["third/party"], "../c");
    }
}
