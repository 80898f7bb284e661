//! Releases and tags of Gitea and Forgejo (API v1: "List a repo's releases", "Get
//! a release by tag name", "List a repository's tags", "Get the tag of a
//! repository by tag name").

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use url::Url;

use super::access::Site;
use super::api::Api;
use super::forge::{Listed, path};
use super::kind::{One, Reach, ReleaseSource, SourceKind};
use super::model::extras;
use super::repository::Repository;
use super::{About, Asset, Release, ReleaseError};

/// `gitea:HOST/OWNER/REPO`
pub(super) const RELEASES: SourceKind = SourceKind {
    name: "gitea",
    form: "HOST/OWNER/REPO",
    parse: |name| Ok(Repository::owned(name).map(|one| Arc::new(Releases(one)) as _)),
};

/// `gitea-tags:HOST/OWNER/REPO`
pub(super) const TAGS: SourceKind = SourceKind {
    name: "gitea-tags",
    form: "HOST/OWNER/REPO",
    parse: |name| Ok(Repository::owned(name).map(|one| Arc::new(Tags(one)) as _)),
};
/// Releases of a repository.
struct Releases(Repository);

/// Tags of a repository.
struct Tags(Repository);

#[async_trait]
impl ReleaseSource for Releases {
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError> {
        releases(&reach.api, &reach.access.gitea(&self.0)?, &self.0.path).await
    }

    async fn one(&self, reach: &Reach, tag: &str) -> Result<One, ReleaseError> {
        let found = release(&reach.api, &reach.access.gitea(&self.0)?, &self.0.path, tag).await?;
        Ok(One::Asked(found))
    }

    async fn about(&self, reach: &Reach, _: &str) -> Result<About, ReleaseError> {
        about(&reach.api, &reach.access.gitea(&self.0)?, &self.0.path).await
    }
}

#[async_trait]
impl ReleaseSource for Tags {
    async fn all(&self, reach: &Reach) -> Result<Vec<Release>, ReleaseError> {
        tags(&reach.api, &reach.access.gitea(&self.0)?, &self.0.path).await
    }

    async fn one(&self, reach: &Reach, name: &str) -> Result<One, ReleaseError> {
        let found = tag(
            &reach.api,
            &reach.access.gitea(&self.0)?,
            &self.0.path,
            name,
        )
        .await?;
        Ok(One::Asked(found))
    }

    async fn about(&self, reach: &Reach, _: &str) -> Result<About, ReleaseError> {
        about(&reach.api, &reach.access.gitea(&self.0)?, &self.0.path).await
    }
}

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

/// A repository ("Get a repository"); licences since Gitea 1.23.
#[derive(Debug, Deserialize)]
struct Facts {
    description: Option<String>,
    website: Option<String>,
    licenses: Option<Vec<String>>,
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
async fn releases(api: &Api, site: &Site, repository: &str) -> Result<Vec<Release>, ReleaseError> {
    let query = [("draft", "false"), ("limit", "50")];
    let url = site.url(&path(repository, &["releases"]), &query);
    let release = |one: Listed<File>| one.release(|one| file(one, site));
    api.list(site, url, PER_PAGE, release).await
}

/// The facts that a repository tells of itself.
async fn about(api: &Api, site: &Site, repository: &str) -> Result<About, ReleaseError> {
    let url = site.url(&path(repository, &[]), &[]);
    let Some(facts) = api.find::<Facts>(site, &url).await? else {
        return Ok(About::default());
    };
    // Several are of several files, which is not one expression.
    let license = match facts.licenses.as_deref() {
        Some([only]) => Some(only.clone()),
        _ => None,
    };
    Ok(About::of(license, facts.description, facts.website))
}

/// The release with a tag; none where there is none, or only a draft.
async fn release(
    api: &Api,
    site: &Site,
    repository: &str,
    tag: &str,
) -> Result<Option<Release>, ReleaseError> {
    let url = site.url(&path(repository, &["releases", "tags", tag]), &[]);
    let found = api.find::<Listed<File>>(site, &url).await?;
    Ok(found.and_then(|one| one.release(|one| file(one, site))))
}

/// All tags of a repository.
async fn tags(api: &Api, site: &Site, repository: &str) -> Result<Vec<Release>, ReleaseError> {
    let url = site.url(&path(repository, &["tags"]), &[("limit", "50")]);
    api.list(site, url, PER_PAGE, |tag| Some(tagged(tag))).await
}

/// The tag of this name; none where there is none.
async fn tag(
    api: &Api,
    site: &Site,
    repository: &str,
    tag: &str,
) -> Result<Option<Release>, ReleaseError> {
    let url = site.url(&path(repository, &["tags", tag]), &[]);
    Ok(api.find::<Tag>(site, &url).await?.map(tagged))
}

/// The releases that a page of releases, or of tags, lists.
#[cfg(feature = "fuzzing")]
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
