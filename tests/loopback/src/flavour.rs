//! Differences between the APIs of forges.

use serde_json::{Value, json};

/// Whose API it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    GitHub,
    GitLab,
    Gitea,
}

/// What the API has at a path.
pub(crate) enum Found {
    /// A list, of which a page is shown; links to other pages, where there are
    /// links, begin with this path.
    List(Vec<Value>, Option<String>),
    One(Value),
    /// Moved for good to this path.
    Moved(String),
}

impl Flavour {
    /// The path of the API's root.
    pub(crate) const fn api(self) -> &'static str {
        match self {
            Self::GitHub => "/api/v3",
            Self::GitLab => "/api/v4",
            Self::Gitea => "/api/v1",
        }
    }

    /// The path where a file of a release is downloaded.
    pub(crate) fn download(self, repository: &str, tag: &str, file: &str) -> String {
        match self {
            Self::GitHub | Self::Gitea => {
                format!("/{repository}/releases/download/{tag}/{file}")
            }
            Self::GitLab => format!("/{repository}/-/releases/{tag}/downloads/{file}"),
        }
    }

    /// One page of a list, with the headers that lead to the others.
    pub(crate) fn page(
        self,
        all: &[Value],
        query: Option<&str>,
        largest: usize,
        link: Option<&str>,
    ) -> (String, Vec<(&'static str, String)>) {
        let query = query.unwrap_or_default();
        let number = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
        };
        let (size, default) = match self {
            Self::GitHub => ("per_page", 30),
            Self::GitLab => ("per_page", 20),
            Self::Gitea => ("limit", 30),
        };
        let per_page = number(size).unwrap_or(default).min(largest);
        let page = number("page").unwrap_or(1);
        let pages = all.len().div_ceil(per_page).max(1);
        let shown: Vec<_> = all
            .iter()
            .skip((page - 1) * per_page)
            .take(per_page)
            .collect();
        let to = |n: usize, rel: &str| {
            let link = link?;
            Some(format!(
                "<{link}?{size}={per_page}&page={n}>; rel=\"{rel}\""
            ))
        };
        let mut links = Vec::new();
        if page > 1 {
            links.extend(to(page - 1, "prev"));
        }
        if page < pages {
            links.extend(to(page + 1, "next"));
            links.extend(to(pages, "last"));
        }
        let mut headers = Vec::new();
        if !links.is_empty() {
            headers.push(("link", links.join(", ")));
        }
        match self {
            Self::GitHub => {}
            Self::GitLab => {
                let next = (page < pages).then(|| (page + 1).to_string());
                headers.push(("x-next-page", next.unwrap_or_default()));
                headers.push(("x-total", all.len().to_string()));
            }
            Self::Gitea => headers.push(("x-total-count", all.len().to_string())),
        }
        (json!(shown).to_string(), headers)
    }
}
