//! GitHub's releases and tags (REST API 2022-11-28: "List releases", "Get a
//! release by tag name", "List repository tags").

use serde::Deserialize;

use super::access::Site;
use super::api::Api;
use super::model::{extras, notes};
use super::{Asset, Release};
use crate::recipe::CallError;

/// Most entries that a page can have.
const PER_PAGE: usize = 100;

#[derive(Debug, Deserialize)]
struct Listed {
    tag_name: String,
    name: Option<String>,
    body: Option<String>,
    html_url: Option<String>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    prerelease: bool,
    published_at: Option<String>,
    #[serde(default)]
    assets: Vec<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    name: String,
    browser_download_url: String,
    size: Option<u64>,
    digest: Option<String>,
    state: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    name: String,
    commit: Commit,
}

#[derive(Debug, Deserialize)]
struct Commit {
    sha: String,
}

/// All releases of a repository but drafts.
pub(super) async fn releases(
    api: &Api,
    site: &Site,
    repository: &str,
) -> Result<Vec<Release>, CallError> {
    let url = site.url(&path(repository, &["releases"]), &[("per_page", "100")]);
    let listed: Vec<Listed> = api.list(site, url, PER_PAGE).await?;
    Ok(listed.into_iter().filter_map(published).collect())
}

/// The release with a tag; none where there is none, or only a draft.
pub(super) async fn release(
    api: &Api,
    site: &Site,
    repository: &str,
    tag: &str,
) -> Result<Option<Release>, CallError> {
    let url = site.url(&path(repository, &["releases", "tags", tag]), &[]);
    Ok(api.find::<Listed>(site, &url).await?.and_then(published))
}

/// All tags of a repository.
pub(super) async fn tags(
    api: &Api,
    site: &Site,
    repository: &str,
) -> Result<Vec<Release>, CallError> {
    let url = site.url(&path(repository, &["tags"]), &[("per_page", "100")]);
    let listed: Vec<Tag> = api.list(site, url, PER_PAGE).await?;
    let release = |tag: Tag| Release {
        extras: extras([("commit", Some(tag.commit.sha))]),
        ..Release::tag(tag.name)
    };
    Ok(listed.into_iter().map(release).collect())
}

/// What a page of releases, or of tags, lists.
pub(super) fn page(json: &[u8], _: &Site) -> Vec<Release> {
    let listed = serde_json::from_slice::<Vec<Listed>>(json);
    listed.into_iter().flatten().filter_map(published).collect()
}

fn path<'p>(repository: &'p str, rest: &[&'p str]) -> Vec<&'p str> {
    let names = repository.split('/');
    ["repos"]
        .into_iter()
        .chain(names)
        .chain(rest.iter().copied())
        .collect()
}

fn published(listed: Listed) -> Option<Release> {
    if listed.draft {
        return None;
    }
    let uploaded = |file: &File| {
        file.state
            .as_deref()
            .is_none_or(|state| state == "uploaded")
    };
    let assets = listed.assets.into_iter().filter(uploaded);
    Some(Release {
        prerelease: listed.prerelease,
        published: listed.published_at,
        assets: assets.filter_map(file).collect(),
        extras: extras([
            ("name", listed.name),
            ("url", listed.html_url),
            ("notes", listed.body.map(notes)),
        ]),
        ..Release::tag(listed.tag_name)
    })
}

fn file(file: File) -> Option<Asset> {
    let integrity = file.digest.filter(|digest| digest.starts_with("sha256:"));
    Some(Asset {
        size: file.size,
        integrity,
        ..Asset::at(&file.name, &file.browser_download_url)?
    })
}
