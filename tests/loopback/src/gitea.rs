//! The API of Gitea and Forgejo, version 1: "List a repo's releases", "Get a
//! release by tag name", "List a repository's tags", "Get the tag of a repository
//! by tag name".

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::flavour::{Flavour, Found};
use crate::forge_content::{Release, Repository, Tag};
use crate::percent::decoded;

/// What is at `path` below the API's root.
pub(crate) fn find(
    path: &str,
    repositories: &BTreeMap<String, Repository>,
    base: &str,
) -> Option<Found> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let ["repos", owner, name, rest @ ..] = parts.as_slice() else {
        return None;
    };
    let name = format!("{owner}/{name}");
    let repository = repositories.get(&name)?;
    match rest {
        [] => Some(Found::One(
            json!({ "description": "Does it", "licenses": ["MIT"] }),
        )),
        ["releases"] => {
            let all = repository.newest_first().into_iter();
            let all = all.map(|release| shown(release, &name, base)).collect();
            Some(Found::List(all, Some(path.to_owned())))
        }
        ["releases", "tags", tag] => {
            let tag = decoded(tag);
            let found = repository.releases.iter().find(|r| r.tag == tag)?;
            Some(Found::One(shown(found, &name, base)))
        }
        ["tags"] => {
            let all = repository.tags_by_name().into_iter().map(tag).collect();
            // Counted, but without links.
            Some(Found::List(all, None))
        }
        ["tags", wanted] => {
            let wanted = decoded(wanted);
            let found = repository.tags.iter().find(|tag| tag.name == wanted)?;
            Some(Found::One(tag(found)))
        }
        _ => None,
    }
}

fn shown(release: &Release, repository: &str, base: &str) -> Value {
    let files = release.files.iter().map(|(file, bytes)| {
        let path = Flavour::Gitea.download(repository, &release.tag, file);
        json!({
            "name": file, "size": bytes.len(), "type": "attachment",
            "browser_download_url": format!("{base}{path}"),
        })
    });
    let links = release.links.iter().map(|(name, url)| {
        json!({ "name": name, "size": 0, "type": "external", "browser_download_url": url })
    });
    json!({
        "tag_name": release.tag, "name": release.tag, "body": release.notes,
        "draft": release.draft, "prerelease": release.prerelease,
        "created_at": release.date, "published_at": release.date,
        "html_url": format!("{base}/{repository}/releases/tag/{}", release.tag),
        "assets": files.chain(links).collect::<Vec<_>>(),
    })
}

fn tag(tag: &Tag) -> Value {
    json!({
        "name": tag.name, "message": tag.message.clone().unwrap_or_default(), "id": tag.commit(),
        "commit": { "sha": tag.commit(), "created": tag.date },
    })
}
