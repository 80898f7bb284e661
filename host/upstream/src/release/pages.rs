//! Lists of several pages.
//!
//! The newest release may be on any page, so a list that cannot be read to its
//! end is an error; and what all pages hold is bounded, not just each.

use bakehouse_core::recipe::CallError;
use bakehouse_system::http::client::shown;
use bakehouse_system::http::pages::{ListError, Pages};
use bakehouse_system::http::{link, redirect};
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use url::Url;

use super::Release;
use super::access::Site;
use super::api::{Api, unavailable};

/// One answer.
pub(super) struct Page<T> {
    pub(super) value: T,
    pub(super) next: Option<Url>,
    /// Entries of all pages, where the API says it.
    pub(super) total: Option<usize>,
    /// Bytes of the answer.
    pub(super) bytes: usize,
}

impl Api {
    /// All pages of a list, of which the API gives `per_page` entries at a time,
    /// as the releases that its entries are.
    ///
    /// # Errors
    /// As the contract's `release.list`; also when the list is over its bounds
    /// ([`ApiLimits`](super::ApiLimits)).
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        site: &Site,
        first: Url,
        per_page: usize,
        release: impl Fn(T) -> Option<Release>,
    ) -> Result<Vec<Release>, CallError> {
        let what = shown(&first);
        let time = self.limits().list.time;
        let all = self.all_pages(site, first, per_page, release);
        let all = tokio::time::timeout(time, all).await;
        all.unwrap_or_else(|_| Err(unavailable(&what, &ListError::Time(time))))
    }

    async fn all_pages<T: DeserializeOwned>(
        &self,
        site: &Site,
        first: Url,
        per_page: usize,
        release: impl Fn(T) -> Option<Release>,
    ) -> Result<Vec<Release>, CallError> {
        let what = shown(&first);
        let failed = |error: ListError| unavailable(&what, &error);
        let mut pages = Pages::new(self.limits().list);
        let (mut url, mut all) = (first, Vec::new());
        let (mut entries, mut kept) = (0, 0);
        loop {
            pages.turn(&url).map_err(failed)?;
            let page: Page<Vec<T>> = self.get(site, &url).await?;
            let count = page.value.len();
            pages.read(page.bytes, count).map_err(failed)?;
            entries += count;
            let begun = all.len();
            all.extend(page.value.into_iter().filter_map(&release));
            let new = all.get(begun..).unwrap_or_default();
            kept += new.iter().map(Release::weight).sum::<usize>();
            if kept > self.limits().kept {
                return Err(failed(ListError::Bytes(self.limits().kept as u64)));
            }
            // Some lists of Gitea are counted and not linked; proxies drop links;
            // an unchanged page may have got a successor that it does not name.
            let counted = page.total.is_some_and(|total| total > entries) && count > 0;
            url = match page.next {
                Some(next) => next,
                None if counted || count >= per_page => following(&url),
                None => return Ok(all),
            };
            if count > 0 && repeats(&all, begun) {
                return Err(failed(ListError::Repeats));
            }
        }
    }
}

/// Whether the releases from `begun` on are those right before them: an API that
/// knows no pages gives the same one for ever.
fn repeats(all: &[Release], begun: usize) -> bool {
    let (before, new) = all.split_at(begun);
    let tags = |releases: &[Release]| -> Vec<String> {
        releases.iter().map(|release| release.tag.clone()).collect()
    };
    !new.is_empty()
        && before
            .len()
            .checked_sub(new.len())
            .is_some_and(|start| tags(before.get(start..).unwrap_or_default()) == tags(new))
}

/// Where the next page is; on the API's own host, however it is written. Proxies
/// and mirrors make APIs take themselves for another scheme, port, host or path.
pub(super) fn next_page(
    site: &Site,
    url: &Url,
    headers: &HeaderMap,
) -> Result<Option<Url>, ListError> {
    let Some(next) = link::next(headers, url)? else {
        return Ok(None);
    };
    let mut own = site.base.clone();
    own.set_query(next.query());
    if next.host() == site.base.host() {
        own.set_path(next.path());
        return Ok(Some(own));
    }
    // The same list by its path below the API's root.
    let below = url.path().strip_prefix(site.base.path());
    if below.is_some_and(|below| next.path().ends_with(&format!("/{below}"))) {
        own.set_path(url.path());
        return Ok(Some(own));
    }
    // Another path of the API that a mirror stands for.
    let mirrored = site
        .upstream
        .as_ref()
        .filter(|upstream| upstream.host() == next.host());
    if let Some(below) = mirrored.and_then(|upstream| next.path().strip_prefix(upstream.path())) {
        own.set_path(&format!("{}{below}", site.base.path()));
        return Ok(Some(own));
    }
    Err(ListError::Elsewhere(redirect::origin(&next)))
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

#[cfg(test)]
mod tests {
    use reqwest::header::LINK;

    use super::super::Access;
    use super::*;

    fn next(link: &str) -> Result<Option<String>, ListError> {
        let access = Access::from_env(|name| {
            (name == "GITHUB_API_URL").then(|| "https://ghe.example/api/v3".to_owned())
        });
        let mut site = access.unwrap().github();
        site.upstream = Url::parse("https://api.github.com/").ok();
        let url = site.url(&["repos", "a", "b", "releases"], &[("per_page", "100")]);
        let headers = HeaderMap::from_iter([(LINK, link.parse().unwrap())]);
        next_page(&site, &url, &headers).map(|next| next.map(String::from))
    }

    #[test]
    fn pages_are_on_our_own_host() {
        let own = Ok(Some(
            "https://ghe.example/api/v3/repos/a/b/releases?page=2".to_owned(),
        ));
        for link in [
            "<https://ghe.example/api/v3/repos/a/b/releases?page=2>; rel=next",
            "<http://ghe.example:8080/api/v3/repos/a/b/releases?page=2>; rel=next",
            "<http://ghe.internal/api/v3/repos/a/b/releases?page=2>; rel=next",
            "<http://10.0.0.1:3000/repos/a/b/releases?page=2>; rel=next",
            "<?page=2>; rel=next",
        ] {
            assert_eq!(next(link), own, "{link}");
        }
        let by_number = next("<https://api.github.com/repositories/7/releases?page=2>; rel=next");
        let expected = "https://ghe.example/api/v3/repositories/7/releases?page=2";
        assert_eq!(by_number, Ok(Some(expected.to_owned())));
        for link in [
            "<https://evil.example/repositories/7/releases?page=2>; rel=next",
            "<https://evil.example/repos/x/b/releases?page=2>; rel=next",
        ] {
            let refused = next(link);
            assert!(matches!(refused, Err(ListError::Elsewhere(_))), "{link}");
        }
    }

    #[test]
    fn the_same_page_again_is_no_progress() {
        let list =
            |tags: &[&str]| -> Vec<Release> { tags.iter().map(|t| Release::tag(*t)).collect() };
        assert!(repeats(&list(&["a", "b", "a", "b"]), 2));
        assert!(!repeats(&list(&["a", "b", "c", "d"]), 2));
        assert!(!repeats(&list(&["a", "b"]), 0));
        assert!(!repeats(&list(&["a"]), 1));
    }
}
