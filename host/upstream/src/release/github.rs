//! GitHub's releases and tags (REST API 2022-11-28: "List releases", "Get a
//! release by tag name", "List repository tags").

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use super::access::Site;
use super::api::Api;
use super::forge::{Listed, path};
use super::kind::{One, Reach, ReleaseSource, SourceKind};
use super::model::extras;
use super::repository::pair;
use super::{About, Asset, Release, ReleaseError};

/// `github:OWNER/REPO`
pub(super) const RELEASES: SourceKind = SourceKind {
    name: "github",
    form: "OWNER/REPO",
    parse: |name| Ok(pair(name).map(|one| Arc::new(Releases(one)) as _)),
};

/// `github-tags:OWNER/REPO`
pub(super) const TAGS: SourceKind = SourceKind {
    name: "github-tags",
    form: "OWNER/REPO",
    parse: |name| Ok(pair(name).map(|one| Arc::new(Tags(one)) as _)),
};
/// Releases of a repository.
struct Releases(String);

/// Tags of a repository.
struct Tags(String);

#[async_trait]
impl ReleaseSource for Releases {
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError> {
        releases(&reach.api, &reach.access.github(), &self.0).await
    }

    async fn one(&self, reach: &Reach, tag: &str) -> Result<One, ReleaseError> {
        let found = release(&reach.api, &reach.access.github(), &self.0, tag).await?;
        Ok(One::Asked(found))
    }

    async fn about(&self, reach: &Reach, _: &str) -> Result<About, ReleaseError> {
        about(&reach.api, &reach.access.github(), &self.0).await
    }
}

#[async_trait]
impl ReleaseSource for Tags {
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError> {
        tags(&reach.api, &reach.access.github(), &self.0).await
    }

    async fn about(&self, reach: &Reach, _: &str) -> Result<About, ReleaseError> {
        about(&reach.api, &reach.access.github(), &self.0).await
    }
}

/// Most entries that a page can have.
const PER_PAGE: usize = 100;

#[derive(Debug, Deserialize)]
pub(super) struct File {
    name: String,
    browser_download_url: String,
    size: Option<u64>,
    digest: Option<String>,
    state: Option<String>,
}

/// A repository ("Get a repository").
#[derive(Debug, Deserialize)]
struct Facts {
    description: Option<String>,
    homepage: Option<String>,
    license: Option<License>,
}

#[derive(Debug, Deserialize)]
struct License {
    spdx_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    name: String,
    commit: Option<Commit>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    sha: String,
}

/// All releases of a repository but drafts.
async fn releases(api: &Api, site: &Site, repository: &str) -> Result<Vec<Release>, ReleaseError> {
    let url = site.url(&path(repository, &["releases"]), &[("per_page", "100")]);
    let release = |one: Listed<File>| one.release(file);
    api.list(site, url, PER_PAGE, release).await
}

/// The facts that a repository tells of itself.
async fn about(api: &Api, site: &Site, repository: &str) -> Result<About, ReleaseError> {
    let url = site.url(&path(repository, &[]), &[]);
    let Some(facts) = api.find::<Facts>(site, &url).await? else {
        return Ok(About::default());
    };
    let license = facts.license.and_then(|license| license.spdx_id);
    // GitHub's word for a licence that it does not recognise.
    let license = license.filter(|id| id != "NOASSERTION");
    Ok(About::of(license, facts.description, facts.homepage))
}

/// The release with a tag; none where there is none, or only a draft.
async fn release(
    api: &Api,
    site: &Site,
    repository: &str,
    tag: &str,
) -> Result<Option<Release>, ReleaseError> {
    let url = site.url(&path(repository, &["releases", "tags", tag]), &[]);
    Ok(api
        .find::<Listed<File>>(site, &url)
        .await?
        .and_then(|one| one.release(file)))
}

/// All tags of a repository.
async fn tags(api: &Api, site: &Site, repository: &str) -> Result<Vec<Release>, ReleaseError> {
    let url = site.url(&path(repository, &["tags"]), &[("per_page", "100")]);
    let release = |tag: Tag| Release {
        extras: extras([("commit", tag.commit.map(|commit| commit.sha))]),
        ..Release::tag(tag.name)
    };
    api.list(site, url, PER_PAGE, |tag| Some(release(tag)))
        .await
}

/// The releases that a page of releases, or of tags, lists.
#[cfg(feature = "fuzzing")]
pub(super) fn page(json: &[u8], _: &Site) -> Vec<Release> {
    let listed = serde_json::from_slice::<Vec<Listed<File>>>(json);
    listed
        .into_iter()
        .flatten()
        .filter_map(|one| one.release(file))
        .collect()
}

pub(super) fn file(file: File) -> Option<Asset> {
    if file.state.is_some_and(|state| state != "uploaded") {
        return None;
    }
    let integrity = file.digest.filter(|digest| digest.starts_with("sha256:"));
    Some(Asset {
        size: file.size,
        integrity,
        ..Asset::at(&file.name, &file.browser_download_url)?
    })
}
