//! Tags of an image (distribution-spec v1.1, "Listing Tags").
//!
//! Whoever reads a tag list wants the newest of it, and lists are in alphabetical
//! order: a list that is cut short lacks just that. So one that cannot be read to
//! its end is an error.

use std::collections::HashSet;

use bakehouse_system::http::pages::{ListError, Pages};
use bakehouse_system::http::{link, redirect};
use reqwest::Method;
use serde::Deserialize;
use url::Url;

use super::client::Registry;
use super::error::RegistryError;
use super::transport::{Answer, Request, Scope, TransportError};

/// Tags asked for in one page.
const PAGE: usize = 1000;
/// Registries that give fewer give a multiple of this.
const ROUND: usize = 50;

#[derive(Deserialize)]
struct TagPage {
    tags: Option<Vec<String>>,
}

/// One image's list on its way.
struct TagList<'a> {
    registry: &'a Registry,
    what: &'a str,
    repository: String,
    first: Url,
    pages: Pages,
    tags: Vec<String>,
}

impl Registry {
    /// All tags of an image; none of them when it does not exist.
    ///
    /// # Errors
    /// When a request fails; also when the list cannot be read to its end, or is
    /// over its bounds ([`RetryPolicy::list`](super::RetryPolicy)).
    pub async fn tags(&self, image: &str) -> Result<Vec<String>, RegistryError> {
        let what = format!("listing tags of {}", self.endpoint().show_repository(image));
        let repository = self.endpoint().path(image);
        let first = self.url(&format!("{repository}/tags/list?n={PAGE}"))?;
        let limits = self.transport.policy().list;
        let list = TagList {
            registry: self,
            what: &what,
            repository,
            first,
            pages: Pages::new(limits),
            tags: Vec::new(),
        };
        let read = tokio::time::timeout(limits.time, list.read()).await;
        let read = read.unwrap_or_else(|_| Err(ListError::Time(limits.time).into()));
        read.map_err(|error| self.failed(&what, error))
    }
}

impl TagList<'_> {
    async fn read(mut self) -> Result<Vec<String>, TransportError> {
        let mut url = self.first.clone();
        loop {
            let (answer, listed) = match self.page(&url).await {
                Err(error) if error.is_absent() && self.pages.is_first() => return Ok(self.tags),
                Err(error) if error.is_absent() => return Err(ListError::Missing.into()),
                page => page?,
            };
            let count = listed.len();
            self.tags.extend(listed);
            url = match self.next(&answer, &url)? {
                Some(next) => next,
                None => match self.beyond(count).await? {
                    Some(next) => next,
                    None => return Ok(self.tags),
                },
            };
        }
    }

    async fn page(&mut self, url: &Url) -> Result<(Answer, Vec<String>), TransportError> {
        self.pages.turn(url)?;
        let scope = Scope::pull(&self.repository);
        let request = Request::new(self.what, Method::GET, url.clone(), scope);
        let answer = self.registry.transport.send(&request).await?;
        let page: TagPage = match serde_json::from_slice(&answer.body) {
            Ok(page) => page,
            Err(error) => {
                answer.no_page()?;
                return Err(TransportError::NoTagList(error));
            }
        };
        let tags = page.tags.unwrap_or_default();
        self.pages.read(answer.body.len(), tags.len())?;
        Ok((answer, tags))
    }

    /// The URL of the page after an answer. Registries behind a proxy take
    /// themselves for another scheme, name, port or path: a link to this very list
    /// is asked for where the list was.
    fn next(&self, answer: &Answer, url: &Url) -> Result<Option<Url>, TransportError> {
        let Some(mut next) = link::next(&answer.headers, answer.url())? else {
            return Ok(None);
        };
        let path = next.path().replace("%2F", "/").replace("%2f", "/");
        if path.ends_with(&format!("/{}/tags/list", self.repository)) {
            let mut own = self.first.clone();
            own.set_query(next.query());
            return Ok(Some(own));
        }
        if next.origin() != url.origin() {
            return Err(ListError::Elsewhere(redirect::origin(&next)).into());
        }
        // Cannot fail for an address with a host.
        let _ = next.set_username("");
        let _ = next.set_password(None);
        Ok(Some(next))
    }

    /// The URL of more tags, after a page of `count` that no link follows. Some
    /// registries cut lists, and do not say so; the one way to know is to ask for
    /// what comes after the last tag.
    async fn beyond(&mut self, count: usize) -> Result<Option<Url>, TransportError> {
        let is_full = count == PAGE;
        let may_be_cut = is_full || count > 0 && count < PAGE && count.is_multiple_of(ROUND);
        let Some(last) = self.tags.last().filter(|_| may_be_cut) else {
            return Ok(None);
        };
        let mut url = self.first.clone();
        url.query_pairs_mut().append_pair("last", last);
        let known: HashSet<String> = self.tags.iter().cloned().collect();
        let (answer, mut listed) = match self.page(&url).await {
            Ok(page) => page,
            Err(TransportError::Status { .. }) if !is_full => return Ok(None),
            Err(TransportError::Status { .. }) => return Err(ListError::Cut.into()),
            Err(error) => return Err(error),
        };
        let repeats = !listed.is_empty();
        listed.retain(|tag| !known.contains(tag));
        if listed.is_empty() {
            // It gives the same page whatever is asked for.
            return match is_full && repeats {
                true => Err(ListError::Cut.into()),
                false => Ok(None),
            };
        }
        let count = listed.len();
        self.tags.extend(listed);
        match self.next(&answer, &url)? {
            Some(next) => Ok(Some(next)),
            None => Box::pin(self.beyond(count)).await,
        }
    }
}
