//! Lists of several pages.

use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use url::Url;

use super::access::Site;
use super::api::Api;
use crate::fetch::http::shown;
use crate::fetch::link;
use crate::recipe::CallError;

/// Pages of one list.
const MAX_PAGES: usize = 100;

/// One answer.
pub(super) struct Page<T> {
    pub(super) value: T,
    pub(super) next: Option<Url>,
    /// Entries of all pages, where the API says it.
    pub(super) total: Option<usize>,
    /// It is as it was the last time.
    pub(super) unchanged: bool,
}

impl Api {
    /// All pages of a list, of which the API gives `per_page` entries at a time.
    ///
    /// # Errors
    /// As the contract's `release.list`.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        site: &Site,
        first: Url,
        per_page: usize,
    ) -> Result<Vec<T>, CallError> {
        let mut url = first;
        let mut all = Vec::new();
        for _ in 0..MAX_PAGES {
            let page: Page<Vec<T>> = self.get(site, &url).await?;
            let (count, is_empty) = (page.value.len(), page.value.is_empty());
            all.extend(page.value);
            // Some lists of Gitea are counted and not linked. An unchanged page
            // may have got a successor that it does not name.
            let counted = page.total.is_some_and(|total| total > all.len()) && !is_empty;
            let more = counted || page.unchanged && count >= per_page;
            url = match page.next {
                Some(next) if next == url => return Err(endless(&url)),
                Some(next) => next,
                None if more => following(&url),
                None => return Ok(all),
            };
        }
        Err(endless(&url))
    }
}

/// Where the next page is; on the API's own host, however it is written.
pub(super) fn next_page(
    site: &Site,
    url: &Url,
    headers: &HeaderMap,
) -> Result<Option<Url>, CallError> {
    let Some(next) = link::next(headers, url) else {
        return Ok(None);
    };
    // Proxies make APIs take themselves for another scheme or port.
    let mut own = site.base.clone();
    own.set_path(next.path());
    own.set_query(next.query());
    match next.host() == site.base.host() {
        true => Ok(Some(own)),
        false => Err(CallError::Unavailable(format!(
            "{}: its next page is on another host, {}",
            shown(url),
            next.host_str().unwrap_or_default()
        ))),
    }
}

/// How many entries all pages have (Gitea's header, and GitLab's).
pub(super) fn total(headers: &HeaderMap) -> Option<usize> {
    let names = ["x-total-count", "x-total"];
    let value = names.iter().find_map(|name| headers.get(*name))?;
    value.to_str().ok()?.parse().ok()
}

/// The page after one, by number.
fn following(url: &Url) -> Url {
    let mut next = url.clone();
    let (numbers, others): (Vec<_>, Vec<_>) = url
        .query_pairs()
        .into_owned()
        .partition(|(name, _)| name == "page");
    let number = numbers.first().and_then(|(_, n)| n.parse::<u64>().ok());
    let number = number.unwrap_or(1).saturating_add(1).to_string();
    next.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .append_pair("page", &number);
    next
}

fn endless(url: &Url) -> CallError {
    CallError::Unavailable(format!(
        "{}: a list of more than {MAX_PAGES} pages",
        shown(url)
    ))
}
