//! GitLab's releases and tags (REST API v4: "List releases", "Get a release by a
//! tag name", "List project repository tags", "Get a single repository tag").

use bakehouse_core::recipe::CallError;
use serde::Deserialize;
use url::Url;

use super::access::Site;
use super::api::Api;
use super::model::{extras, notes};
use super::{Asset, Release};

/// Most entries that a page can have.
const PER_PAGE: usize = 100;

#[derive(Debug, Deserialize)]
struct Listed {
    tag_name: String,
    name: Option<String>,
    description: Option<String>,
    released_at: Option<String>,
    /// Dated to the future.
    #[serde(default)]
    upcoming_release: bool,
    commit: Option<Commit>,
    #[serde(default)]
    assets: Assets,
    #[serde(rename = "_links", default)]
    links: Links,
}

#[derive(Debug, Default, Deserialize)]
struct Links {
    #[serde(rename = "self")]
    own: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Assets {
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Debug, Deserialize)]
struct Link {
    name: String,
    url: String,
    direct_asset_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    name: String,
    /// Of an annotated tag, since GitLab 16.11.
    created_at: Option<String>,
    commit: Option<Commit>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    id: String,
    created_at: Option<String>,
}

/// All releases of a project.
pub(super) async fn releases(
    api: &Api,
    site: &Site,
    project: &str,
) -> Result<Vec<Release>, CallError> {
    let path = ["projects", project, "releases"];
    let url = site.url(&path, &[("per_page", "100")]);
    let release = |one| Some(released(one, site));
    api.list(site, url, PER_PAGE, release).await
}

/// The release with a tag; none where there is none.
pub(super) async fn release(
    api: &Api,
    site: &Site,
    project: &str,
    tag: &str,
) -> Result<Option<Release>, CallError> {
    let url = site.url(&["projects", project, "releases", tag], &[]);
    let found = api.find::<Listed>(site, &url).await?;
    Ok(found.map(|one| released(one, site)))
}

/// All tags of a project.
pub(super) async fn tags(api: &Api, site: &Site, project: &str) -> Result<Vec<Release>, CallError> {
    let path = ["projects", project, "repository", "tags"];
    let url = site.url(&path, &[("per_page", "100")]);
    api.list(site, url, PER_PAGE, |tag| Some(tagged(tag))).await
}

/// The tag of this name; none where there is none.
pub(super) async fn tag(
    api: &Api,
    site: &Site,
    project: &str,
    tag: &str,
) -> Result<Option<Release>, CallError> {
    let url = site.url(&["projects", project, "repository", "tags", tag], &[]);
    Ok(api.find::<Tag>(site, &url).await?.map(tagged))
}

#[cfg(feature = "fuzzing")]
/// What a page of releases, or of tags, lists.
pub(super) fn page(json: &[u8], site: &Site) -> Vec<Release> {
    let listed = serde_json::from_slice::<Vec<Listed>>(json);
    let releases = listed.into_iter().flatten().map(|one| released(one, site));
    let tags = serde_json::from_slice::<Vec<Tag>>(json);
    releases
        .chain(tags.into_iter().flatten().map(tagged))
        .collect()
}

fn released(listed: Listed, site: &Site) -> Release {
    let files = listed.assets.links.into_iter();
    Release {
        prerelease: listed.upcoming_release,
        published: listed.released_at,
        assets: files.filter_map(|link| file(link, site)).collect(),
        extras: extras([
            ("name", listed.name),
            ("url", listed.links.own),
            ("notes", listed.description.map(notes)),
            ("commit", listed.commit.map(|commit| commit.id)),
        ]),
        ..Release::tag(listed.tag_name)
    }
}

fn file(link: Link, site: &Site) -> Option<Asset> {
    // The permanent address leads to `url`, which may be anywhere.
    let elsewhere = !Url::parse(&link.url).is_ok_and(|url| site.owns(&url));
    let url = match link.direct_asset_url {
        Some(direct) if !elsewhere => direct,
        _ => link.url,
    };
    Some(Asset {
        elsewhere,
        ..Asset::at(&link.name, &url)?
    })
}

fn tagged(tag: Tag) -> Release {
    let (id, date) = tag
        .commit
        .map_or((None, None), |c| (Some(c.id), c.created_at));
    Release {
        published: tag.created_at.or(date),
        extras: extras([("commit", id)]),
        ..Release::tag(tag.name)
    }
}
