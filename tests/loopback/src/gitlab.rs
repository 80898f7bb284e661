//! GitLab's REST API, version 4: "List releases", "Get a release by a tag name",
//! "List project repository tags", "Get a single repository tag".

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::flavour::{Flavour, Found};
use crate::forge::now;
use crate::forge_content::{Release, Repository, Tag};
use crate::percent::decoded;

/// What is at `path` below the API's root.
pub(crate) fn find(
    path: &str,
    repositories: &BTreeMap<String, Repository>,
    base: &str,
) -> Option<Found> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let ["projects", project, rest @ ..] = parts.as_slice() else {
        return None;
    };
    let name = decoded(project);
    let repository = repositories.get(&name)?;
    match rest {
        [] => Some(Found::One(
            json!({ "description": "Does it", "license": { "key": "mit" } }),
        )),
        ["releases"] => {
            let all = repository.newest_first().into_iter().filter(|r| !r.draft);
            let all = all.map(|release| shown(release, &name, base)).collect();
            Some(Found::List(all, Some(path.to_owned())))
        }
        ["releases", tag] => {
            let tag = decoded(tag);
            let found = repository
                .releases
                .iter()
                .find(|r| r.tag == tag && !r.draft)?;
            Some(Found::One(shown(found, &name, base)))
        }
        ["repository", "tags"] => {
            let all = repository.tags_by_name().into_iter().map(tag).collect();
            Some(Found::List(all, Some(path.to_owned())))
        }
        ["repository", "tags", wanted] => {
            let wanted = decoded(wanted);
            let found = repository.tags.iter().find(|tag| tag.name == wanted)?;
            Some(Found::One(tag(found)))
        }
        _ => None,
    }
}

fn shown(release: &Release, project: &str, base: &str) -> Value {
    let files = release.files.iter().map(|(file, _)| {
        let path = Flavour::GitLab.download(project, &release.tag, file);
        json!({
            "name": file, "link_type": "other", "url": format!("{base}{path}"),
            "direct_asset_url": format!("{base}{path}"),
        })
    });
    let links = release.links.iter().map(|(name, url)| {
        json!({ "name": name, "link_type": "package", "url": url, "direct_asset_url": url })
    });
    // What GitLab calls an upcoming release: one dated to the future.
    let date = if release.prerelease {
        format!("{}-01-01T00:00:00.000Z", 1970 + now() / 31_556_952 + 2)
    } else {
        release.date.clone()
    };
    json!({
        "tag_name": release.tag, "name": release.tag, "description": release.notes,
        "created_at": release.date, "released_at": date,
        "upcoming_release": release.prerelease,
        "commit": commit(&Tag::new(&release.tag).date(&release.date)),
        "assets": {
            "count": release.files.len() + release.links.len() + 1,
            "sources": [{ "format": "zip", "url": format!("{base}/{project}/-/archive/{0}/{0}.zip", release.tag) }],
            "links": files.chain(links).collect::<Vec<_>>(),
        },
        "_links": { "self": format!("{base}/{project}/-/releases/{}", release.tag) },
    })
}

fn tag(tag: &Tag) -> Value {
    json!({
        "name": tag.name, "message": tag.message.clone().unwrap_or_default(),
        "target": tag.commit(), "commit": commit(tag), "release": null, "protected": false,
        "created_at": tag.message.as_ref().map(|_| &tag.date),
    })
}

fn commit(tag: &Tag) -> Value {
    let id = tag.commit();
    json!({
        "id": id, "short_id": id[..8], "title": "A commit", "created_at": tag.date,
        "committed_date": tag.date, "authored_date": "2020-01-01T00:00:00.000+00:00",
    })
}
