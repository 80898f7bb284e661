//! GitLab's releases and tags (REST API v4: "List releases", "Get a release by a
//! tag name", "List project repository tags", "Get a single repository tag").

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use url::Url;

use super::access::Site;
use super::api::Api;
use super::kind::{One, Reach, ReleaseSource, SourceKind};
use super::lenient::{list, or_default};
use super::model::{extras, notes};
use super::repository::Repository;
use super::{About, Asset, Release, ReleaseError};

/// `gitlab:HOST/GROUP/PROJECT`
pub(super) const RELEASES: SourceKind = SourceKind {
    name: "gitlab",
    form: "HOST/GROUP/PROJECT",
    parse: |name| Ok(Repository::grouped(name).map(|one| Arc::new(Releases(one)) as _)),
};

/// `gitlab-tags:HOST/GROUP/PROJECT`
pub(super) const TAGS: SourceKind = SourceKind {
    name: "gitlab-tags",
    form: "HOST/GROUP/PROJECT",
    parse: |name| Ok(Repository::grouped(name).map(|one| Arc::new(Tags(one)) as _)),
};
/// Releases of a project.
struct Releases(Repository);

/// Tags of a project.
struct Tags(Repository);

#[async_trait]
impl ReleaseSource for Releases {
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError> {
        releases(&reach.api, &reach.access.gitlab(&self.0)?, &self.0.path).await
    }

    async fn one(&self, reach: &Reach, tag: &str) -> Result<One, ReleaseError> {
        let found = release(
            &reach.api,
            &reach.access.gitlab(&self.0)?,
            &self.0.path,
            tag,
        )
        .await?;
        Ok(One::Asked(found))
    }

    async fn about(&self, reach: &Reach, _: &str) -> Result<About, ReleaseError> {
        about(&reach.api, &reach.access.gitlab(&self.0)?, &self.0.path).await
    }
}

#[async_trait]
impl ReleaseSource for Tags {
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError> {
        tags(&reach.api, &reach.access.gitlab(&self.0)?, &self.0.path).await
    }

    async fn one(&self, reach: &Reach, name: &str) -> Result<One, ReleaseError> {
        let found = tag(
            &reach.api,
            &reach.access.gitlab(&self.0)?,
            &self.0.path,
            name,
        )
        .await?;
        Ok(One::Asked(found))
    }

    async fn about(&self, reach: &Reach, _: &str) -> Result<About, ReleaseError> {
        about(&reach.api, &reach.access.gitlab(&self.0)?, &self.0.path).await
    }
}

/// Most entries that a page can have.
const PER_PAGE: usize = 100;

#[derive(Debug, Deserialize)]
struct Listed {
    tag_name: String,
    name: Option<String>,
    description: Option<String>,
    released_at: Option<String>,
    /// Dated to the future.
    #[serde(default, deserialize_with = "or_default")]
    upcoming_release: bool,
    commit: Option<Commit>,
    #[serde(default, deserialize_with = "or_default")]
    assets: Assets,
    #[serde(rename = "_links", default, deserialize_with = "or_default")]
    links: Links,
}

#[derive(Debug, Default, Deserialize)]
struct Links {
    #[serde(rename = "self")]
    own: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Assets {
    #[serde(default, deserialize_with = "list")]
    links: Vec<Link>,
}

#[derive(Debug, Deserialize)]
struct Link {
    name: String,
    url: String,
    direct_asset_url: Option<String>,
}

/// A project ("Get a single project").
#[derive(Debug, Deserialize)]
struct Facts {
    description: Option<String>,
    license: Option<License>,
}

#[derive(Debug, Deserialize)]
struct License {
    key: Option<String>,
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
async fn releases(api: &Api, site: &Site, project: &str) -> Result<Vec<Release>, ReleaseError> {
    let path = ["projects", project, "releases"];
    let url = site.url(&path, &[("per_page", "100")]);
    let release = |one| Some(released(one, site));
    api.list(site, url, PER_PAGE, release).await
}

/// The facts that a project tells of itself.
async fn about(api: &Api, site: &Site, project: &str) -> Result<About, ReleaseError> {
    let url = site.url(&["projects", project], &[("license", "true")]);
    let Some(facts) = api.find::<Facts>(site, &url).await? else {
        return Ok(About::default());
    };
    let license = facts.license.and_then(|license| license.key);
    // GitLab's word for a licence that it does not recognise.
    let license = license.filter(|key| key != "other");
    Ok(About::of(license, facts.description, None))
}

/// The release with a tag; none where there is none.
async fn release(
    api: &Api,
    site: &Site,
    project: &str,
    tag: &str,
) -> Result<Option<Release>, ReleaseError> {
    let url = site.url(&["projects", project, "releases", tag], &[]);
    let found = api.find::<Listed>(site, &url).await?;
    Ok(found.map(|one| released(one, site)))
}

/// All tags of a project.
async fn tags(api: &Api, site: &Site, project: &str) -> Result<Vec<Release>, ReleaseError> {
    let path = ["projects", project, "repository", "tags"];
    let url = site.url(&path, &[("per_page", "100")]);
    api.list(site, url, PER_PAGE, |tag| Some(tagged(tag))).await
}

/// The tag of this name; none where there is none.
async fn tag(
    api: &Api,
    site: &Site,
    project: &str,
    tag: &str,
) -> Result<Option<Release>, ReleaseError> {
    let url = site.url(&["projects", project, "repository", "tags", tag], &[]);
    Ok(api.find::<Tag>(site, &url).await?.map(tagged))
}

/// The releases that a page of releases, or of tags, lists.
#[cfg(feature = "fuzzing")]
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
