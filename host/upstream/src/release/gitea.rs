//! Releases and tags of Gitea and Forgejo (API v1: "List a repo's releases", "Get
//! a release by tag name", "List a repository's tags", "Get the tag of a
//! repository by tag name").

use bakehouse_core::recipe::CallError;
use serde::Deserialize;
use url::Url;

use super::access::Site;
use super::api::Api;
use super::forge::{Listed, path};
use super::model::extras;
use super::{Asset, Release};

/// Most entries that a page can have, unless the operator allows more.
const PER_PAGE: usize = 50;

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
    let release = |one: Listed<File>| one.release(|one| file(one, site));
    api.list(site, url, PER_PAGE, release).await
}

/// The release with a tag; none where there is none, or only a draft.
pub(super) async fn release(
    api: &Api,
    site: &Site,
    repository: &str,
    tag: &str,
) -> Result<Option<Release>, CallError> {
    let url = site.url(&path(repository, &["releases", "tags", tag]), &[]);
    let found = api.find::<Listed<File>>(site, &url).await?;
    Ok(found.and_then(|one| one.release(|one| file(one, site))))
}

/// All tags of a repository.
pub(super) async fn tags(
    api: &Api,
    site: &Site,
    repository: &str,
) -> Result<Vec<Release>, CallError> {
    let url = site.url(&path(repository, &["tags"]), &[("limit", "50")]);
    api.list(site, url, PER_PAGE, |tag| Some(tagged(tag))).await
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

#[cfg(feature = "fuzzing")]
/// What a page of releases, or of tags, lists.
pub(super) fn page(json: &[u8], site: &Site) -> Vec<Release> {
    let listed = serde_json::from_slice::<Vec<Listed<File>>>(json);
    let releases = listed
        .into_iter()
        .flatten()
        .filter_map(|one| one.release(|one| file(one, site)));
    let tags = serde_json::from_slice::<Vec<Tag>>(json);
    releases
        .chain(tags.into_iter().flatten().map(tagged))
        .collect()
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
