//! One page of a list, and where the next one is.

use bakehouse_system::http::pages::ListError;
use bakehouse_system::http::{link, redirect};
use reqwest::header::HeaderMap;
use url::Url;

use super::access::Site;

/// One answer.
pub(super) struct ApiPage<T> {
    pub(super) value: T,
    pub(super) next: Option<Url>,
    /// Entries of all pages, where the API says it.
    pub(super) total: Option<usize>,
    /// Bytes of the answer.
    pub(super) bytes: usize,
}

/// The URL of the next page; on the API's own host, however it is written. Proxies
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

/// The number of entries of all pages (Gitea's header, and GitLab's).
pub(super) fn total(headers: &HeaderMap) -> Option<usize> {
    let names = ["x-total-count", "x-total"];
    let value = names.iter().find_map(|name| headers.get(*name))?;
    value.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::LINK;

    use super::super::ForgeAccess;
    use super::*;

    fn next(link: &str) -> Result<Option<String>, ListError> {
        let access = ForgeAccess::from_env(|name| {
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
}
