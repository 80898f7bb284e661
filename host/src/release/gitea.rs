//! Releases and tags of Gitea and Forgejo (API v1: "List a repo's releases", "Get
//! a release by tag name", "List a repository's tags", "Get the tag of a
//! repository by tag name").

use serde::Deserialize;
use url::Url;

use super::access::Site;
use super::api::Api;
use super::model::{extras, notes};
use super::{Asset, Release};
use crate::recipe::CallError;

/// Most entries that a page can have, unless the operator allows more.
const PER_PAGE: usize = 50;

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
    /// `external` for links (Forgejo).
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    name: String,
    commit: Option<Commit>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    sha: String,
    created: Option<String>,
}

/// All releases of a repository but drafts.
pub(super) async fn releases(
    api: &Api,
    site: &Site,
    repository: &str,
) -> Result<Vec<Release>, CallError> {
    let query = [("draft", "false"), ("limit", "50")];
    let url = site.url(&path(repository, &["releases"]), &query);
    let listed: Vec<Listed> = api.list(site, url, PER_PAGE).await?;
    let all = listed.into_iter().filter_map(|one| published(one, site));
    Ok(all.collect())
}

/// The release with a tag; none where there is none, or only a draft.
pub(super) async fn release(
    api: &Api,
    site: &Site,
    repository: &str,
    tag: &str,
) -> Result<Option<Release>, CallError> {
    let url = site.url(&path(repository, &["releases", "tags", tag]), &[]);
    let found = api.find::<Listed>(site, &url).await?;
    Ok(found.and_then(|one| published(one, site)))
}

/// All tags of a repository.
pub(super) async fn tags(
    api: &Api,
    site: &Site,
    repository: &str,
) -> Result<Vec<Release>, CallError> {
    let url = site.url(&path(repository, &["tags"]), &[("limit", "50")]);
    let listed: Vec<Tag> = api.list(site, url, PER_PAGE).await?;
    Ok(listed.into_iter().map(tagged).collect())
}

/// The tag of this name; none where there is none.
pub(super) async fn tag(
    api: &Api,
    site: &Site,
    repository: &str,
    tag: &str,
) -> Result<Option<Release>, CallError> {
    let url = site.url(&path(repository, &["tags", tag]), &[]);
    Ok(api.find::<Tag>(site, &url).await?.map(tagged))
}

/// What a page of releases, or of tags, lists.
pub(super) fn page(json: &[u8], site: &Site) -> Vec<Release> {
    let listed = serde_json::from_slice::<Vec<Listed>>(json);
    let releases = listed
        .into_iter()
        .flatten()
        .filter_map(|one| published(one, site));
    let tags = serde_json::from_slice::<Vec<Tag>>(json);
    releases
        .chain(tags.into_iter().flatten().map(tagged))
        .collect()
}

fn path<'p>(repository: &'p str, rest: &[&'p str]) -> Vec<&'p str> {
    let names = repository.split('/');
    ["repos"]
        .into_iter()
        .chain(names)
        .chain(rest.iter().copied())
        .collect()
}

fn published(listed: Listed, site: &Site) -> Option<Release> {
    if listed.draft {
        return None;
    }
    let assets = listed.assets.into_iter();
    Some(Release {
        prerelease: listed.prerelease,
        published: listed.published_at,
        assets: assets.filter_map(|one| file(one, site)).collect(),
        extras: extras([
            ("name", listed.name),
            ("url", listed.html_url),
            ("notes", listed.body.map(notes)),
        ]),
        ..Release::tag(listed.tag_name)
    })
}

fn file(file: File, site: &Site) -> Option<Asset> {
    let link = file.kind.as_deref() == Some("external");
    let own = Url::parse(&file.browser_download_url).is_ok_and(|url| site.owns(&url));
    Some(Asset {
        // Of a link nobody knows.
        size: file.size.filter(|_| !link),
        elsewhere: !own,
        ..Asset::at(&file.name, &file.browser_download_url)?
    })
}

fn tagged(tag: Tag) -> Release {
    let (sha, date) = tag
        .commit
        .map_or((None, None), |c| (Some(c.sha), c.created));
    Release {
        published: date,
        extras: extras([("commit", sha)]),
        ..Release::tag(tag.name)
    }
}
