//! GitHub's REST API, version 2022-11-28: "List releases", "Get a release by tag
//! name", "List repository tags".

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::flavour::{Flavour, Found};
use crate::forge_content::{Release, Repository, Tag};
use crate::percent::decoded;

/// What is at `path` below the API's root.
pub(crate) fn find(
    path: &str,
    repositories: &BTreeMap<String, Repository>,
    renamed: &HashMap<String, String>,
    base: &str,
) -> Option<Found> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (name, repository, rest) = match parts.as_slice() {
        ["repos", owner, name, rest @ ..] => {
            let name = format!("{owner}/{name}");
            if let Some(new) = renamed.get(&name) {
                let number = repositories.get(new)?.number;
                let rest = rest.join("/");
                return Some(Found::Moved(format!("/repositories/{number}/{rest}")));
            }
            (name.clone(), repositories.get(&name)?, rest)
        }
        ["repositories", number, rest @ ..] => {
            let number: usize = number.parse().ok()?;
            let (name, repository) = repositories.iter().find(|(_, r)| r.number == number)?;
            (name.clone(), repository, rest)
        }
        _ => return None,
    };
    let link = format!("/repositories/{}/{}", repository.number, rest.join("/"));
    match rest {
        [] => Some(Found::One(
            json!({ "description": "Does it", "license": { "spdx_id": "MIT" } }),
        )),
        ["releases"] => {
            let all = repository.newest_first().into_iter();
            let all = all.map(|release| shown(release, &name, base)).collect();
            Some(Found::List(all, Some(link)))
        }
        ["releases", "tags", tag] => {
            let tag = decoded(tag);
            let found = repository
                .releases
                .iter()
                .find(|r| r.tag == tag && !r.draft)?;
            Some(Found::One(shown(found, &name, base)))
        }
        ["tags"] => {
            let all = repository.tags_by_name().into_iter();
            Some(Found::List(
                all.map(|t| tag(t, &name, base)).collect(),
                Some(link),
            ))
        }
        _ => None,
    }
}

fn shown(release: &Release, repository: &str, base: &str) -> Value {
    let assets = release.files.iter().map(|(file, bytes)| {
        let path = Flavour::GitHub.download(repository, &release.tag, file);
        json!({
            "name": file, "label": null, "state": "uploaded",
            "content_type": "application/octet-stream",
            "size": bytes.len(),
            "digest": format!("sha256:{}", hex::encode(Sha256::digest(bytes))),
            "browser_download_url": format!("{base}{path}"),
        })
    });
    // What an upload that was broken off leaves behind.
    let open = json!({
        "name": "unfinished.tar.gz", "state": "open", "size": 0, "digest": null,
        "browser_download_url": format!("{base}/unfinished.tar.gz"),
    });
    json!({
        "tag_name": release.tag, "name": release.tag, "body": release.notes,
        "draft": release.draft, "prerelease": release.prerelease, "immutable": false,
        "created_at": release.date,
        "published_at": if release.draft { Value::Null } else { release.date.clone().into() },
        "html_url": format!("{base}/{repository}/releases/tag/{}", release.tag),
        "assets": assets.chain([open]).collect::<Vec<_>>(),
    })
}

fn tag(tag: &Tag, repository: &str, base: &str) -> Value {
    let commit = tag.commit();
    json!({
        "name": tag.name,
        "commit": { "sha": commit, "url": format!("{base}/api/v3/repos/{repository}/commits/{commit}") },
        "zipball_url": format!("{base}/api/v3/repos/{repository}/zipball/refs/tags/{}", tag.name),
    })
}
