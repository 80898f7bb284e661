//! Lists of several pages.
//!
//! The newest release may be on any page, so a list that cannot be read to its
//! end is an error; and what all pages hold is bounded, not just each.

use bakehouse_system::http::pages::{ListError, Pages};
use bakehouse_system::http::request::shown;
use serde::de::DeserializeOwned;
use url::Url;

use super::access::Site;
use super::api::Api;
use super::lenient::Entry;
use super::page::ApiPage;
use super::{Release, ReleaseError};

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
    ) -> Result<Vec<Release>, ReleaseError> {
        let what = shown(&first);
        let time = self.limits().list.time;
        let all = self.all_pages(site, first, per_page, release);
        let all = tokio::time::timeout(time, all).await;
        all.unwrap_or_else(|_| {
            Err(ReleaseError::List {
                what,
                source: ListError::Time(time),
            })
        })
    }

    async fn all_pages<T: DeserializeOwned>(
        &self,
        site: &Site,
        first: Url,
        per_page: usize,
        release: impl Fn(T) -> Option<Release>,
    ) -> Result<Vec<Release>, ReleaseError> {
        let what = shown(&first);
        let failed = |source: ListError| ReleaseError::List {
            what: what.clone(),
            source,
        };
        let mut pages = Pages::new(self.limits().list);
        let (mut url, mut all) = (first, Vec::new());
        let (mut entries, mut kept) = (0, 0);
        loop {
            pages.turn(&url).map_err(failed)?;
            let page: ApiPage<Option<Vec<Entry<T>>>> = self.get(site, &url).await?;
            let listed = page.value.unwrap_or_default();
            let count = listed.len();
            pages.read(page.bytes, count).map_err(failed)?;
            entries += count;
            let begun = all.len();
            let known: Vec<T> = listed.into_iter().filter_map(Entry::known).collect();
            if known.len() < count {
                let left = count - known.len();
                tracing::warn!(%what, left, "entries that are no releases are left out");
                // A list of nothing else is another API's.
                if known.is_empty() {
                    return Err(ReleaseError::NotListed { what, count });
                }
            }
            all.extend(known.into_iter().filter_map(&release));
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
    use super::*;

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
